import ArgumentParser
import CacheModel
import Experiments
import Foundation
import InputFiles
import Reports

struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Compare the model with the measurements of a run, on the machine that made them.",
    discussion: """
      Every point with a time is projected onto the run's own host.yaml, whose figures come from micro-benchmarks only, or \
      onto another description of the same machine (--machine), such as a newer calibration. Errors are projected over \
      measured tokens/s, less one.
      """)

  @Argument(help: "The run directory.")
  var directory: String

  @Option(help: "The machine that the run was made on: a machine file, or a name of the catalogue.")
  var machine: String?

  @Option(help: "Also write a report with its plots into this directory.")
  var report: String?

  @Flag(help: "Print one JSON document.")
  var json = false

  func run() throws {
    let run = try RunDirectory(opening: directory)
    let validation = try Validation(run, machine: machine.map { try Machine.named($0) }) { printMessage($0) }
    if let report { try ValidationReport.write(validation, of: run, to: report) }
    if json { return try printJSON(ValidationDocument(validation)) }
    func percent(_ value: Double?) -> String { value.map { String(format: "%+.1f %%", 100 * $0) } ?? "-" }
    func thousands(_ rate: Double) -> String { String(format: "%.1f", rate / 1000) }
    printTable(
      ["point", "measured ktokens/s", "projected", "low", "high", "error", "limiter"],
      validation.entries.map {
        [
          $0.point.label, thousands($0.measuredTokensPerSecond), thousands($0.projection.tokensPerSecond),
          thousands($0.projection.lowTokensPerSecond), thousands($0.projection.highTokensPerSecond),
          percent($0.relativeError), $0.projection.limiter,
        ]
      })
    print("")
    print(
      "\(validation.entries.count) points on \(validation.machine.name): mean absolute error "
        + String(format: "%.1f %%", 100 * (validation.meanAbsoluteError ?? .nan)) + ", bias \(percent(validation.bias))"
        + String(
          format: ", rank correlation %.3f, %.0f %% within the band", validation.rankCorrelation ?? .nan,
          100 * (validation.shareWithinBand ?? .nan)))
    print(
      "worst: " + validation.worst(3).map { "\($0.point.label) \(percent($0.relativeError))" }.joined(separator: "; "))
  }
}

/// Errors are fractions: 0.1 is 10 %.
private struct ValidationDocument: Encodable {
  struct Entry: Encodable {
    var point: String
    var label: String
    var measuredTokensPerSecond: Double
    var projectedTokensPerSecond: Double
    var low: Double
    var high: Double
    var error: Double
    var limiter: String

    enum CodingKeys: String, CodingKey {
      case point, label, low, high, error, limiter
      case measuredTokensPerSecond = "measured_tokens_per_s"
      case projectedTokensPerSecond = "projected_tokens_per_s"
    }

    init(_ entry: Validation.Entry) {
      point = entry.point.id
      label = entry.point.label
      measuredTokensPerSecond = entry.measuredTokensPerSecond
      projectedTokensPerSecond = entry.projection.tokensPerSecond
      low = entry.projection.lowTokensPerSecond
      high = entry.projection.highTokensPerSecond
      error = entry.relativeError
      limiter = entry.projection.limiter
    }
  }

  var machine: String
  var mape: Double?
  var bias: Double?
  var rankCorrelation: Double?
  var shareWithinBand: Double?
  var worst: [Entry]
  var points: [Entry]

  enum CodingKeys: String, CodingKey {
    case machine, mape, bias, worst, points
    case rankCorrelation = "rank_correlation"
    case shareWithinBand = "share_within_band"
  }

  init(_ validation: Validation) {
    machine = validation.machine.name
    mape = validation.meanAbsoluteError
    bias = validation.bias
    rankCorrelation = validation.rankCorrelation
    shareWithinBand = validation.shareWithinBand
    worst = validation.worst().map(Entry.init)
    points = validation.entries.map(Entry.init)
  }
}
