import ArgumentParser
import Experiments
import Foundation
import InputFiles
import Profiler

/// What a run would do: its points, the memory and time that each needs, and those that cannot run here.
struct DryRun {
  private let points: [Point]
  private let estimate: TimeEstimate
  private let obstacles: [String?]
  private let preparationSeconds: Double
  /// Whether another run's times stand behind the estimates.
  private let isScaled: Bool

  /// Of all points of `plan`, or of those in `ids`. `earlier` is the directory of a run whose times go before stated rates.
  init(_ experiment: Experiment, _ plan: Plan, only ids: Set<String>?, topology: Topology, earlier: String?) throws {
    points = plan.points.filter { ids?.contains($0.id) != false }
    let timings = try earlier.map { try RunDirectory(opening: $0).timings() } ?? []
    isScaled = !timings.isEmpty
    estimate = TimeEstimate(experiment, earlier: timings)
    preparationSeconds = TimeEstimate.preparationSeconds(experiment.measure)
    let memory = AvailableMemory.read()?.bytes
    obstacles = points.map { $0.obstacle(topology: topology, memory: memory) }
  }

  func show(json: Bool) throws {
    let entries = zip(points, obstacles).map { point, obstacle in
      Document.Entry(
        id: point.id, label: point.label, sweep: point.sweep, memoryBytes: point.estimatedBytes,
        seconds: obstacle == nil ? estimate.seconds(point) : nil, skipped: obstacle)
    }
    let document = Document(
      points: entries, preparationSeconds: preparationSeconds,
      seconds: entries.reduce(preparationSeconds) { $0 + ($1.seconds?.expected ?? 0) },
      secondsAtMost: entries.reduce(preparationSeconds) { $0 + ($1.seconds?.atMost ?? 0) })
    if json { return try printJSON(document) }
    printTable(
      ["point", "sweep", "memory", "a pass", "in all"],
      entries.map { entry in
        let pass = entry.seconds.map { duration($0.pass) + ($0.isMeasured ? " measured" : "") }
        return [
          entry.label, entry.sweep, formatByteCount(entry.memoryBytes), pass ?? "skipped",
          entry.seconds.map { duration($0.expected) } ?? "-",
        ]
      })
    for entry in entries {
      if let reason = entry.skipped { print("skipped: \(entry.label): \(reason)") }
    }
    let skipped = entries.filter { $0.skipped != nil }.count
    print(
      "\(entries.count) points" + (skipped > 0 ? ", \(skipped) of them skipped" : "")
        + "; about \(duration(document.seconds)), at most \(duration(document.secondsAtMost)), of which "
        + "\(duration(preparationSeconds)) to calibrate and audit. Times are estimates"
        + (entries.contains { $0.seconds?.isMeasured == true } ? ", but those marked measured." : " from stated rates.")
    )
  }

  private struct Document: Encodable {
    struct Entry: Encodable {
      var id: String
      var label: String
      var sweep: String
      var memoryBytes: Int
      var seconds: TimeEstimate.Seconds?
      var skipped: String?

      enum CodingKeys: String, CodingKey {
        case id, label, sweep, skipped
        case memoryBytes = "memory_bytes"
        case pass = "pass_seconds"
        case expected = "seconds"
        case atMost = "seconds_at_most"
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
        try container.encode(seconds?.isMeasured, forKey: .isMeasured)
        try container.encode(skipped, forKey: .skipped)
      }
    }

    var points: [Entry]
    var preparationSeconds: Double
    var seconds: Double
    var secondsAtMost: Double

    enum CodingKeys: String, CodingKey {
      case points, seconds
      case preparationSeconds = "preparation_seconds"
      case secondsAtMost = "seconds_at_most"
    }
  }
}
