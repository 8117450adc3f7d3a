import Foundation
import Machines
import Measurement
import Plans
import Projection
import RunStore
import Statistics
import Support

/// Projected against measured throughput of a run's points, on the machine that ran them.
///
/// The machine's figures come from micro-benchmarks only; no measured point enters a projection.
public struct Validation {
  /// The statistic of a point's samples that its projection is compared with.
  public enum Reference: String, CaseIterable, Sendable {
    /// The median of a point's samples, which includes the effect of other load on the machine.
    case median
    /// The fastest sample: nearly undisturbed, as the machine file describes the machine.
    case fastest
  }

  public struct Entry {
    public var point: Point
    /// Throughput by the median of the samples.
    public var measuredTokensPerSecond: Double
    /// Throughput by the fastest sample, the one least disturbed by other load.
    public var fastestTokensPerSecond: Double?
    public var projection: ProjectionRow
    /// The stages that were timed on their own.
    public var stages: [Stage]
    /// The projection with counted lines in place of simulated ones; nil where nothing counted them.
    public var counted: ProjectionRow?
    /// Simulated beside counted lines; empty where nothing was counted.
    public var lines: [LineComparison]

    public init(
      point: Point, measuredTokensPerSecond: Double, fastestTokensPerSecond: Double? = nil, projection: ProjectionRow,
      stages: [Stage] = [], counted: ProjectionRow? = nil, lines: [LineComparison] = []
    ) {
      self.point = point
      self.measuredTokensPerSecond = measuredTokensPerSecond
      self.fastestTokensPerSecond = fastestTokensPerSecond
      self.projection = projection
      self.stages = stages
      self.counted = counted
      self.lines = lines
    }

    /// Measured tokens/s; nil for the fastest sample of a point that stored none.
    public func measured(_ reference: Reference) -> Double? {
      reference == .median ? measuredTokensPerSecond : fastestTokensPerSecond
    }

    /// Projected over measured, less one, as a fraction: above zero the model is too fast.
    public func relativeError(_ reference: Reference) -> Double? {
      measured(reference).map { projection.tokensPerSecond / $0 - 1 }
    }

    /// Whether the measurement lies within the projection's low and high ends.
    public func isWithinBand(_ reference: Reference) -> Bool? {
      measured(reference).map((projection.lowTokensPerSecond...projection.highTokensPerSecond).contains)
    }
  }

  /// A stage of a point's kernel; times are per token.
  public struct Stage {
    public var name: String
    public var modelledNanoseconds: Double
    /// The median over several passes.
    public var medianNanoseconds: Double
    /// The fastest pass of this stage; nil in runs of versions that stored none.
    public var fastestNanoseconds: Double?

    public init(
      name: String, modelledNanoseconds: Double, medianNanoseconds: Double, fastestNanoseconds: Double? = nil
    ) {
      self.name = name
      self.modelledNanoseconds = modelledNanoseconds
      self.medianNanoseconds = medianNanoseconds
      self.fastestNanoseconds = fastestNanoseconds
    }

    public func measured(_ reference: Reference) -> Double? {
      reference == .median ? medianNanoseconds : fastestNanoseconds
    }

    /// Measured over modelled time, less one, as a fraction: above zero the model is too fast, as in a point's error.
    public func relativeError(_ reference: Reference) -> Double? {
      measured(reference).map { $0 / modelledNanoseconds - 1 }
    }
  }

  public var machine: Machine
  /// One entry for each measured point, in the order of the plan.
  public var entries: [Entry]
  /// Why no point has counted lines; nil where one has.
  public var countsAbsence: String?
  /// Counted over simulated lines, by boundary of the caches.
  public var ratios: TrafficRatios
  /// The capacity of the last level that explains the lines counted beyond it; nil where none were counted as a whole.
  public var capacity: CapacityFit?

  public init(
    machine: Machine, entries: [Entry], countsAbsence: String? = nil, ratios: TrafficRatios = TrafficRatios([]),
    capacity: CapacityFit? = nil
  ) {
    self.machine = machine
    self.entries = entries
    self.countsAbsence = countsAbsence
    self.ratios = ratios
    self.capacity = capacity
  }

  /// Projects the points of `directory` that have a measured time onto `machine`, by default the host as the run's
  /// calibration describes it. Throws `InputError` where no point passed.
  public init(_ directory: RunDirectory, machine: Machine? = nil, progress: (String) -> Void = { _ in }) throws {
    let host = try machine ?? Machine(contentsOf: "\(directory.path)/\(RunDirectory.hostMachineName)")
    let results = try directory.store.rows(ResultRow.self)
    let measured = Dictionary(
      results.compactMap { row in
        row.status == .passed ? row.tokensPerSecond.map { (row.pointID, $0) } : nil
      }, uniquingKeysWith: { _, last in last })
    let fastest = Dictionary(
      results.compactMap { row in row.minNanoseconds.map { (row.pointID, Double(row.tokens) / $0 * 1e9) } },
      uniquingKeysWith: { _, last in last })
    let points = directory.plan.points.filter { measured[$0.id] != nil }
    guard !points.isEmpty else {
      throw InputError(file: directory.path, "expected a run with at least one point that passed, found none")
    }
    let counts = try RunCounts(directory)
    let isCounted = !counts.countedPoints.isEmpty
    let projector = Projector(
      runID: directory.manifest.runID, machines: [host], host: host.name,
      kinds: isCounted ? [.simulated, .counted] : [.simulated],
      evidence: TrafficEvidence(counts: counts, host: host, ratios: TrafficRatios([])))
    let settled = try directory.settledPoints()
    let outcomes = try projector.outcomes(
      points, experiment: directory.experiment(), settled: settled, progress: progress)
    let (rows, countedRows) = (Self.rows(outcomes, of: .simulated), Self.rows(outcomes, of: .counted))
    let timed = Dictionary(grouping: try directory.store.rows(StageTimeRow.self), by: \.pointID)
    let modelled = Dictionary(grouping: outcomes.flatMap(\.stages), by: \.pointID)
    self.init(
      machine: host,
      entries: points.compactMap { point in
        guard let rate = measured[point.id], let projection = rows[point.id] else { return nil }
        let stages = (timed[point.id] ?? []).compactMap { row -> Stage? in
          let own = modelled[point.id]?.first { $0.stage == row.stage }
          guard let modelled = own?.modelledNanosecondsPerToken else { return nil }
          return Stage(
            name: row.stage, modelledNanoseconds: modelled, medianNanoseconds: row.measuredNanosecondsPerToken,
            fastestNanoseconds: row.fastestNanosecondsPerToken)
        }
        return Entry(
          point: point, measuredTokensPerSecond: rate, fastestTokensPerSecond: fastest[point.id],
          projection: projection,
          stages: stages, counted: countedRows[point.id], lines: projector.comparisons[point.id] ?? [])
      }, countsAbsence: counts.absence, ratios: projector.ratios,
      capacity: try CapacityFit(
        counts, points: points, settled: settled, experiment: directory.experiment(), host: host))
  }

  private static func rows(_ outcomes: [ProjectionOutcome], of kind: TrafficKind) -> [String: ProjectionRow] {
    Dictionary(
      outcomes.flatMap(\.rows).filter { $0.traffic == kind.rawValue }.map { ($0.pointID, $0) },
      uniquingKeysWith: { first, _ in first })
  }

  /// Mean absolute percentage error, as a fraction; nil without points.
  public func meanAbsoluteError(_ reference: Reference = .median) -> Double? {
    mean { $0.relativeError(reference).map(abs) }
  }

  /// Mean error, as a fraction: the part of the error that all points share.
  public func bias(_ reference: Reference = .median) -> Double? { mean { $0.relativeError(reference) } }

  /// Share of the points whose measurement lies within the band, 0 to 1.
  public func shareWithinBand(_ reference: Reference = .median) -> Double? {
    mean { $0.isWithinBand(reference).map { $0 ? 1 : 0 } }
  }

  /// The points with the largest errors, worst first.
  public func worst(_ count: Int = 10, _ reference: Reference = .median) -> [Entry] {
    func magnitude(_ entry: Entry) -> Double { abs(entry.relativeError(reference) ?? 0) }
    return Array(entries.sorted { magnitude($0) > magnitude($1) }.prefix(count))
  }

  /// Spearman's rank correlation of projected and measured throughput; 1 means the same order of all points. Nil with
  /// fewer than two points, or where all are equal.
  public func rankCorrelation(_ reference: Reference = .median) -> Double? {
    let known = entries.filter { $0.measured(reference) != nil }
    return Validation.rankCorrelation(
      known.compactMap { $0.measured(reference) }, known.map(\.projection.tokensPerSecond))
  }

  private func mean(_ value: (Entry) -> Double?) -> Double? {
    let values = entries.compactMap(value)
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// Pearson's correlation of the ranks; ties get their mean rank (Spearman 1904).
  static func rankCorrelation(_ a: [Double], _ b: [Double]) -> Double? {
    guard a.count == b.count, a.count > 1 else { return nil }
    let (x, y) = (midranks(a), midranks(b))
    let middle = Double(a.count - 1) / 2
    func product(_ u: [Double], _ v: [Double]) -> Double {
      zip(u, v).reduce(0) { $0 + ($1.0 - middle) * ($1.1 - middle) }
    }
    let spread = (product(x, x) * product(y, y)).squareRoot()
    return spread > 0 ? product(x, y) / spread : nil
  }
}
