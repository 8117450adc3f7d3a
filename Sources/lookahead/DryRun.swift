import ArgumentParser
import Foundation
import Measurement
import Plans
import Profiler
import RunStore
import Support

/// A preview of a run: its points, the memory and time that each needs, and those that cannot run here.
struct DryRun {
  private let points: [Point]
  private let estimate: TimeEstimate
  private let skipped: [String?]
  /// The reasons why a run would not start.
  private let refusals: [String]
  private let preparationSeconds: Double
  /// Whether the estimates use another run's times.
  private let isScaled: Bool

  /// Previews all points of `plan`, or those in `ids`. `earlier` is the directory of a run whose times replace stated
  /// rates. `refusals` are the reasons why a run would not start; `libraries` are tried in addition to the known
  /// ones.
  init(
    _ experiment: Experiment, _ plan: Plan, inputs: RunInputs, only ids: Set<String>?, topology: Topology,
    earlier: String?,
    libraries: [String] = [], refusals: [String] = []
  ) throws {
    self.refusals = refusals
    points = plan.points.filter { ids?.contains($0.id) != false }
    let timings = try earlier.map { try RunDirectory(opening: $0).timings() } ?? []
    isScaled = !timings.isEmpty
    var estimate = TimeEstimate(experiment, earlier: timings)
    estimate.countsUnderValgrind = inputs.countsUnderValgrind
    self.estimate = estimate
    preparationSeconds = TimeEstimate.preparationSeconds(experiment.measure)
    let feasibility = PlanFeasibility(
      experiment, topology: topology, libraries: LibrarySupport(libraries: libraries))
    skipped = points.map(feasibility.reason)
  }

  func show(json: Bool) throws {
    for refusal in refusals { printMessage("a run would be refused: \(refusal)") }
    let entries = zip(points, skipped).map { point, reason in
      Document.Entry(
        id: point.id, label: point.label, sweep: point.sweep, memoryBytes: point.memoryNeeded.value,
        seconds: reason == nil ? estimate.seconds(point) : nil, skipped: reason)
    }
    let document = Document(
      points: entries, preparationSeconds: preparationSeconds,
      seconds: entries.reduce(preparationSeconds) { $0 + ($1.seconds?.expected ?? 0) },
      secondsAtMost: entries.reduce(preparationSeconds) { $0 + ($1.seconds?.atMost ?? 0) },
      valgrindSeconds: entries.reduce(0) { $0 + ($1.seconds?.valgrind ?? 0) }, refusals: refusals)
    if json { return try printJSON(document) }
    printTable(columns, entries.map(row))
    for entry in entries {
      if let reason = entry.skipped { print("skipped: \(entry.label): \(reason)") }
    }
    print(summary(document))
  }

  private var columns: [String] {
    let counting = estimate.countsUnderValgrind ? ["valgrind"] : []
    return ["point", "sweep", "memory", "a pass"] + counting + ["in all"]
  }

  private func row(_ entry: Document.Entry) -> [String] {
    let memory = entry.memoryBytes.map(formatByteCount) ?? CheckedSize.tooLarge.bytesText
    let pass = entry.seconds.map { duration($0.pass) + ($0.isMeasured ? " measured" : "") }
    let counting: [String] = estimate.countsUnderValgrind ? [entry.seconds.map(valgrindText) ?? "-"] : []
    let all = entry.seconds.map { duration($0.expected) }
    return [entry.label, entry.sweep, memory, pass ?? "skipped"] + counting + [all ?? "-"]
  }

  private func summary(_ document: Document) -> String {
    let skipped = document.points.count { $0.skipped != nil }
    var text = "\(document.points.count) points"
    if skipped > 0 { text += ", \(skipped) of them skipped" }
    text += "; about \(duration(document.seconds)), at most \(duration(document.secondsAtMost)), of which "
    text += "\(duration(preparationSeconds)) to calibrate and audit"
    if estimate.countsUnderValgrind { text += " and \(duration(document.valgrindSeconds)) to count under valgrind" }
    let isMeasured = document.points.contains { $0.seconds?.isMeasured == true }
    return text + ". Times are estimates" + (isMeasured ? ", but those marked measured." : " from stated rates.")
  }

  /// What takes longer than a launch may is not counted.
  private func valgrindText(_ seconds: TimeEstimate.Seconds) -> String {
    seconds.valgrind > 0 ? duration(seconds.valgrind) : "too long"
  }

  private struct Document: Encodable {
    struct Entry: Encodable {
      var id: String
      var label: String
      var sweep: String
      /// Nil where the number is 2^63 or more.
      var memoryBytes: Int?
      var seconds: TimeEstimate.Seconds?
      var skipped: String?

      enum CodingKeys: String, CodingKey {
        case id, label, sweep, skipped
        case memoryBytes = "memory_bytes"
        case pass = "pass_seconds"
        case expected = "seconds"
        case atMost = "seconds_at_most"
        case valgrind = "valgrind_seconds"
        case isMeasured = "measured"
      }

      func encode(to encoder: Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(label, forKey: .label)
        try container.encode(sweep, forKey: .sweep)
        try container.encode(memoryBytes, forKey: .memoryBytes)
        try container.encode(seconds?.pass, forKey: .pass)
        try container.encode(seconds?.expected, forKey: .expected)
        try container.encode(seconds?.atMost, forKey: .atMost)
        try container.encode(seconds?.valgrind, forKey: .valgrind)
        try container.encode(seconds?.isMeasured, forKey: .isMeasured)
        try container.encode(skipped, forKey: .skipped)
      }
    }

    var points: [Entry]
    var preparationSeconds: Double
    var seconds: Double
    var secondsAtMost: Double
    var valgrindSeconds: Double
    var refusals: [String]

    enum CodingKeys: String, CodingKey {
      case points, seconds, refusals
      case preparationSeconds = "preparation_seconds"
      case secondsAtMost = "seconds_at_most"
      case valgrindSeconds = "valgrind_seconds"
    }
  }
}
