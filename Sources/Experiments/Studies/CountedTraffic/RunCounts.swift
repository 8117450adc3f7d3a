import Foundation
import Machines
import Measurement
import Plans
import Profiler
import Projection
import RunStore
import Simulation

/// The traffic that a run's counters saw, point by point, in the model's terms.
public struct RunCounts: Sendable {
  /// By point id; only of points with a counted quantity.
  public var points: [String: CountedTraffic]
  /// Why no point has counted lines; nil where one has.
  public var absence: String?
  /// The maker's generation of the CPU that counted; nil where the run does not say.
  public var generation: String?

  public init(points: [String: CountedTraffic], absence: String? = nil, generation: String? = nil) {
    self.points = points
    self.absence = absence
    self.generation = generation
  }

  /// Reads the counts of a run. Groups are the package's, and those that the run's experiment names by path, as far as they
  /// are still there.
  public init(_ directory: RunDirectory) throws {
    let rows = try directory.store.rows(CounterRow.self)
    let results = Dictionary(
      try directory.store.rows(ResultRow.self).map { ($0.pointID, $0) }, uniquingKeysWith: { _, last in last })
    let facts = MachineState(try directory.store.rows(FactRow.self), .start)
    let own = try directory.experiment().counters.filter { $0.hasSuffix(".yaml") }
    let groups = try CounterGroup.all() + own.compactMap { try? CounterGroup.load($0) }
    let load = facts["load_average_1min"].flatMap { Double($0) }
    let byPoint = Dictionary(grouping: rows, by: \.pointID)
    var points: [String: CountedTraffic] = [:]
    for point in directory.plan.points {
      guard let rows = byPoint[point.id] else { continue }
      let counted = CountedTraffic(
        rows, groups: groups, tokens: point.tokens, passSeconds: results[point.id]?.medianNanoseconds.map { $0 * 1e-9 },
        loadAverage: load)
      if counted.hasLines || !counted.others.isEmpty || !counted.missing.isEmpty { points[point.id] = counted }
    }
    self.init(
      points: points, absence: Self.absence(rows, points),
      generation: facts.cpuGeneration?.name)
  }

  /// Points whose lines were counted.
  public var countedPoints: Set<String> { Set(points.filter { $0.value.hasLines }.keys) }

  private static func absence(_ rows: [CounterRow], _ points: [String: CountedTraffic]) -> String? {
    guard !points.contains(where: { $0.value.hasLines }) else { return nil }
    guard !rows.isEmpty else { return "the run counted nothing: its experiment asks for no counters" }
    let reasons = points.values.flatMap(\.missing.values)
    guard
      let most = Dictionary(grouping: reasons, by: { $0 }).max(by: {
        ($0.value.count, $1.key) < ($1.value.count, $0.key)
      })
    else { return "no counter group of the run says what its events tell of lines (key traffic)" }
    return most.key
  }
}
