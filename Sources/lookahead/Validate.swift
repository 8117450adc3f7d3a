import ArgumentParser
import Foundation
import Machines
import Plans
import Reports
import RunStore
import Studies
import Support

struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Compare the model with the measurements of a run, on the machine that made them.",
    discussion: """
      Every point with a time is projected onto the run's own host.yaml, whose figures come from micro-benchmarks only, or \
      onto another description of the same machine (--machine), such as a newer calibration. Errors are projected over \
      measured tokens/s, less one: by each point's median, or by its fastest sample, which others on the machine disturbed \
      least. Both means are always given.
      """)

  @Argument(help: "The run directory.")
  var directory: String

  @Option(help: "The machine that the run was made on: a machine file, or a name of the catalogue.")
  var machine: String?

  @Option(help: "What each point is compared with.")
  var against = Validation.Reference.median

  @Option(help: "Also write a report with its plots into this directory.")
  var report: String?

  @Flag(help: "Print one JSON document.")
  var json = false

  func run() throws {
    let study = try report.map { try StudyDirectory($0, for: .validation) }
    let run = try RunDirectory(opening: directory)
    if let warning = try run.disagreementWarning() { printMessage("warning: \(warning)") }
    let validation = try Validation(run, machine: machine.map { try Machine.named($0) }) { printMessage($0) }
    if let study {
      for problem in try ValidationReport.write(validation, of: run, against: against, to: study) {
        printMessage(problem)
      }
    }
    if json { return try printJSON(ValidationDocument(validation, against)) }
    func percent(_ value: Double?) -> String { value.map { String(format: "%+.1f %%", 100 * $0) } ?? "-" }
    func thousands(_ rate: Double) -> String { String(format: "%.1f", rate / 1000) }
    printTable(
      ["point", "measured ktokens/s", "projected", "low", "high", "error", "limiter"],
      validation.entries.map {
        [
          $0.point.label, $0.measured(against).map(thousands) ?? "-", thousands($0.projection.tokensPerSecond),
          thousands($0.projection.lowTokensPerSecond), thousands($0.projection.highTokensPerSecond),
          percent($0.relativeError(against)), $0.projection.limiter,
        ]
      })
    print("\n\(validation.entries.count) points on \(validation.machine.name)")
    for reference in Validation.Reference.allCases {
      guard let magnitude = validation.meanAbsoluteError(reference) else { continue }
      print(
        "against \(reference == .median ? "medians" : "fastest samples"): mean absolute error "
          + String(format: "%.1f %%", 100 * magnitude) + ", bias \(percent(validation.bias(reference)))"
          + String(
            format: ", rank correlation %.3f, %.0f %% within the band", validation.rankCorrelation(reference) ?? .nan,
            100 * (validation.shareWithinBand(reference) ?? .nan)))
    }
    print(
      "worst: "
        + validation.worst(3, against).map { "\($0.point.label) \(percent($0.relativeError(against)))" }
        .joined(separator: "; "))
  }
}

/// The JSON document; errors are fractions: 0.1 is 10 %.
private struct ValidationDocument: Encodable {
  struct Entry: Encodable {
    var point: String
    var label: String
    var measuredTokensPerSecond: Double
    var fastestTokensPerSecond: Double?
    var projectedTokensPerSecond: Double
    var low: Double
    var high: Double
    var error: Double
    var errorAgainstFastest: Double?
    var limiter: String

    enum CodingKeys: String, CodingKey {
      case point, label, low, high, error, limiter
      case measuredTokensPerSecond = "measured_tokens_per_s"
      case fastestTokensPerSecond = "fastest_tokens_per_s"
      case errorAgainstFastest = "error_against_fastest"
      case projectedTokensPerSecond = "projected_tokens_per_s"
    }

    init(_ entry: Validation.Entry) {
      point = entry.point.id
      label = entry.point.label
      measuredTokensPerSecond = entry.measuredTokensPerSecond
      fastestTokensPerSecond = entry.fastestTokensPerSecond
      projectedTokensPerSecond = entry.projection.tokensPerSecond
      low = entry.projection.lowTokensPerSecond
      high = entry.projection.highTokensPerSecond
      error = entry.relativeError(.median) ?? .nan
      errorAgainstFastest = entry.relativeError(.fastest)
      limiter = entry.projection.limiter
    }
  }

  struct Summary: Encodable {
    var mape: Double?
    var bias: Double?
    var rankCorrelation: Double?
    var shareWithinBand: Double?

    enum CodingKeys: String, CodingKey {
      case mape, bias
      case rankCorrelation = "rank_correlation"
      case shareWithinBand = "share_within_band"
    }

    init(_ validation: Validation, _ reference: Validation.Reference) {
      mape = validation.meanAbsoluteError(reference)
      bias = validation.bias(reference)
      rankCorrelation = validation.rankCorrelation(reference)
      shareWithinBand = validation.shareWithinBand(reference)
    }
  }

  var machine: String
  /// The reference of `mape` to `share_within_band` and of `worst`.
  var against: String
  var mape: Double?
  var bias: Double?
  var rankCorrelation: Double?
  var shareWithinBand: Double?
  var median: Summary
  var fastest: Summary
  var worst: [Entry]
  var points: [Entry]

  enum CodingKeys: String, CodingKey {
    case machine, against, mape, bias, median, fastest, worst, points
    case rankCorrelation = "rank_correlation"
    case shareWithinBand = "share_within_band"
  }

  init(_ validation: Validation, _ reference: Validation.Reference) {
    machine = validation.machine.name
    against = reference.rawValue
    median = Summary(validation, .median)
    fastest = Summary(validation, .fastest)
    let own = reference == .median ? median : fastest
    mape = own.mape
    bias = own.bias
    rankCorrelation = own.rankCorrelation
    shareWithinBand = own.shareWithinBand
    worst = validation.worst(10, reference).map(Entry.init)
    points = validation.entries.map(Entry.init)
  }
}

extension Validation.Reference: ExpressibleByArgument {}
