import ArgumentParser
import Foundation
import Machines
import Plans
import Projection
import Reports
import RunStore
import Simulation
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
    printTraffic(validation)
    print(
      "worst: "
        + validation.worst(3, against).map { "\($0.point.label) \(percent($0.relativeError(against)))" }
        .joined(separator: "; "))
  }
}

extension ValidateCommand {
  /// How much of the errors is traffic and how much is timing, as far as lines were counted.
  private func printTraffic(_ validation: Validation) {
    func percent(_ value: Double) -> String { String(format: "%+.1f %%", 100 * value) }
    func lines(_ value: Double) -> String { String(format: "%.4g", value) }
    let splits = validation.splits(against)
    guard !splits.isEmpty else {
      print("traffic and timing cannot be told apart: \(validation.countsAbsence ?? "no point's lines were counted")")
      return
    }
    print(
      "\nthe error in two parts: simulated in place of counted lines (traffic), and what is left with counted lines (timing)"
    )
    printTable(
      ["point", "error", "traffic", "timing"],
      validation.entries.compactMap { entry in
        entry.split(against).map { [entry.point.label, percent($0.total), percent($0.traffic), percent($0.timing)] }
      })
    let parts = SplitSummary(splits)
    print(
      "\(splits.count) of \(validation.entries.count) points: "
        + String(
          format: "mean absolute error %.1f %%: traffic %.1f %%, timing %.1f %%; ", 100 * parts.total.mape,
          100 * parts.traffic.mape, 100 * parts.timing.mape)
        + "bias \(percent(parts.total.bias)): traffic \(percent(parts.traffic.bias)), timing \(percent(parts.timing.bias))"
    )
    print("")
    printTable(
      ["lines per token", "points", "simulated", "counted", "counted/simulated", "quality"],
      validation.lineSummaries.map { summary in
        let ratio = summary.ratio.map {
          String(format: "%.2f (%.2f to %.2f)", $0.mean, $0.low, $0.high)
        }
        return [
          summary.name, "\(summary.points)", lines(summary.simulatedPerToken), lines(summary.countedPerToken),
          ratio ?? "-", summary.qualities.joined(separator: "; "),
        ]
      })
    if let capacity = validation.capacity { print(capacity.sentence) }
    print("")
  }
}

extension CapacityFit {
  /// What the counts say of the last level's capacity.
  fileprivate var sentence: String {
    func size(_ bytes: Double?) -> String { bytes.map { String(format: "%.1f MiB", $0 / 1_048_576) } ?? "-" }
    guard let medianBytes else {
      return
        "the counts do not tell the capacity of \(level): at none of \(silentPoints) points do misses change with it"
    }
    let counted = estimates.count == 1 ? "1 point" : "\(estimates.count) points"
    return "\(level) of \(size(medianBytes)) explains the lines counted from beyond it (\(size(lowBytes)) to "
      + "\(size(highBytes)) over \(counted); \(silentPoints) say nothing); the machine file has \(size(Double(statedBytes)))"
  }
}

/// Means of errors, as fractions.
private struct SplitSummary {
  struct Part: Encodable {
    var mape: Double
    var bias: Double

    init(_ errors: [Double]) {
      mape = errors.reduce(0) { $0 + abs($1) } / Double(errors.count)
      bias = errors.reduce(0, +) / Double(errors.count)
    }
  }

  var total: Part
  var traffic: Part
  var timing: Part

  init(_ splits: [ErrorSplit]) {
    total = Part(splits.map(\.total))
    traffic = Part(splits.map(\.traffic))
    timing = Part(splits.map(\.timing))
  }
}

/// The part of the errors that lines cause, with the lines themselves; figures are null where nothing was counted.
private struct TrafficPart: Encodable {
  struct Level: Encodable {
    var boundary: String
    var points: Int
    var simulatedLinesPerToken: Double
    var countedLinesPerToken: Double
    var ratio: Double?
    var ratioLow: Double?
    var ratioHigh: Double?
    var qualities: [String]

    enum CodingKeys: String, CodingKey {
      case boundary, points, ratio, qualities
      case simulatedLinesPerToken = "simulated_lines_per_token"
      case countedLinesPerToken = "counted_lines_per_token"
      case ratioLow = "ratio_low"
      case ratioHigh = "ratio_high"
    }
  }

  struct Capacity: Encodable {
    var level: String
    var bytes: Double?
    var low: Double?
    var high: Double?
    var points: Int
    var statedBytes: Int

    enum CodingKeys: String, CodingKey {
      case level, bytes, low, high, points
      case statedBytes = "stated_bytes"
    }
  }

  var points: Int
  var mape: Double?
  var bias: Double?
  /// Why no lines were counted.
  var reason: String?
  var levels: [Level]
  var lastLevel: Capacity?

  enum CodingKeys: String, CodingKey {
    case points, mape, bias, reason, levels
    case lastLevel = "last_level"
  }

  init(_ validation: Validation, _ splits: [ErrorSplit]) {
    let part = splits.isEmpty ? nil : SplitSummary(splits).traffic
    points = splits.count
    mape = part?.mape
    bias = part?.bias
    reason = splits.isEmpty ? validation.countsAbsence : nil
    levels = validation.lineSummaries.map {
      Level(
        boundary: $0.name, points: $0.points, simulatedLinesPerToken: $0.simulatedPerToken,
        countedLinesPerToken: $0.countedPerToken, ratio: $0.ratio?.mean, ratioLow: $0.ratio?.low,
        ratioHigh: $0.ratio?.high, qualities: $0.qualities)
    }
    lastLevel = validation.capacity.map {
      Capacity(
        level: $0.level, bytes: $0.medianBytes, low: $0.lowBytes, high: $0.highBytes, points: $0.estimates.count,
        statedBytes: $0.statedBytes)
    }
  }
}

/// The part of the errors that is left with counted lines.
private struct TimingPart: Encodable {
  var points: Int
  var mape: Double?
  var bias: Double?

  init(_ splits: [ErrorSplit]) {
    let part = splits.isEmpty ? nil : SplitSummary(splits).timing
    points = splits.count
    mape = part?.mape
    bias = part?.bias
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
    /// The parts of the error by the document's reference; nil where no lines were counted.
    var trafficError: Double?
    var timingError: Double?
    var lines: [Lines]
    var limiter: String

    struct Lines: Encodable {
      var boundary: String
      var simulated: Double
      var counted: Double?
      var quality: String?
      var source: String?
      var leavesOut: String?

      enum CodingKeys: String, CodingKey {
        case boundary, simulated, counted, quality, source
        case leavesOut = "leaves_out"
      }
    }

    enum CodingKeys: String, CodingKey {
      case point, label, low, high, error, lines, limiter
      case measuredTokensPerSecond = "measured_tokens_per_s"
      case fastestTokensPerSecond = "fastest_tokens_per_s"
      case errorAgainstFastest = "error_against_fastest"
      case trafficError = "traffic_error"
      case timingError = "timing_error"
      case projectedTokensPerSecond = "projected_tokens_per_s"
    }

    init(_ entry: Validation.Entry, _ reference: Validation.Reference) {
      point = entry.point.id
      label = entry.point.label
      measuredTokensPerSecond = entry.measuredTokensPerSecond
      fastestTokensPerSecond = entry.fastestTokensPerSecond
      projectedTokensPerSecond = entry.projection.tokensPerSecond
      low = entry.projection.lowTokensPerSecond
      high = entry.projection.highTokensPerSecond
      error = entry.relativeError(.median) ?? .nan
      errorAgainstFastest = entry.relativeError(.fastest)
      trafficError = entry.split(reference)?.traffic
      timingError = entry.split(reference)?.timing
      lines = entry.lines.map {
        Lines(
          boundary: $0.name, simulated: $0.simulatedPerToken, counted: $0.countedPerToken,
          quality: $0.quality?.rawValue, source: $0.source, leavesOut: $0.leavesOut)
      }
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
  /// The errors' two parts, over the points whose lines were counted.
  var traffic: TrafficPart
  var timing: TimingPart
  var worst: [Entry]
  var points: [Entry]

  enum CodingKeys: String, CodingKey {
    case machine, against, mape, bias, median, fastest, traffic, timing, worst, points
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
    let splits = validation.splits(reference)
    traffic = TrafficPart(validation, splits)
    timing = TimingPart(splits)
    worst = validation.worst(10, reference).map { Entry($0, reference) }
    points = validation.entries.map { Entry($0, reference) }
  }
}

extension Validation.Reference: ExpressibleByArgument {}
