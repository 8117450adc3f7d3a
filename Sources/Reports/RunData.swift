import Plans
import RunStore

/// The input of a report, read once from a run directory.
public struct RunData {
  public var manifest: Manifest
  public var plan: Plan
  public var results: [ResultRow]
  public var counters: [CounterRow]
  public var metrics: [MetricRow]
  public var projections: [ProjectionRow]
  public var sensitivities: [SensitivityRow]
  public var stages: [StageRow]
  public var ceilings: [CeilingRow]
  public var audit: [AuditRow]
  public var tuning: [TuningRow]
  public var facts: [FactRow]
  public var attempts: [AttemptRow]
  public var sentinel: [SentinelRow]
  /// See `RunDirectory.disagreementWarning`.
  public var disagreement: String?
  /// See `RunDirectory.missingProjectionsWarning`.
  public var missingProjections: String?

  public init(_ directory: RunDirectory) throws {
    manifest = directory.manifest
    plan = directory.plan
    let store = directory.store
    ceilings = try store.rows()
    audit = try store.rows()
    tuning = try store.rows()
    facts = try store.rows()
    attempts = try store.rows()
    sentinel = try store.rows()
    disagreement = try directory.disagreementWarning()
    missingProjections = try directory.missingProjectionsWarning()
    // Points finish in a shuffled order; tables read better in the order of the experiment file.
    let place = Dictionary(plan.points.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    func inOrder<Rows: RunRow>(_ id: KeyPath<Rows, String>) throws -> [Rows] {
      let rows: [Rows] = try store.rows()
      return rows.enumerated()
        .sorted { (place[$0.1[keyPath: id]] ?? .max, $0.0) < (place[$1.1[keyPath: id]] ?? .max, $1.0) }.map(\.1)
    }
    results = try inOrder(\.pointID)
    counters = try inOrder(\.pointID)
    metrics = try inOrder(\.pointID)
    projections = try inOrder(\.pointID)
    sensitivities = try inOrder(\.pointID)
    stages = try inOrder(\.pointID)
  }

  /// Results with a time.
  var measured: [ResultRow] { results.filter { $0.status == .passed && $0.tokensPerSecond != nil } }

  /// Names of the sweeps, in the order of the experiment file.
  var sweeps: [String] {
    var names: [String] = []
    for name in plan.sweeps.joined() where !names.contains(name) { names.append(name) }
    return names
  }

  /// Results with a time that belong to `sweep`; one point may belong to several.
  func measured(in sweep: String) -> [ResultRow] {
    let ids = Set(zip(plan.points, plan.sweeps).filter { $1.contains(sweep) }.map { $0.0.id })
    return measured.filter { ids.contains($0.pointID) }
  }

  func result(_ pointID: String) -> ResultRow? { results.first { $0.pointID == pointID } }

  func point(_ id: String) -> Point? { plan.points.first { $0.id == id } }

  func label(_ pointID: String) -> String { point(pointID)?.label ?? pointID }

  /// The value of a fact at the start of the run.
  func fact(_ name: String) -> String? { facts.first { $0.name == name && $0.when == .start }?.value }
}

extension RunData {
  /// The recorded capacities of the host's caches in bytes.
  var hostCaches: [(name: String, bytes: Int)] {
    [("L1", FactName.l1Bytes), ("L2", FactName.l2Bytes), ("L3", FactName.l3Bytes)].compactMap { name, fact in
      self.fact(fact).flatMap(Int.init).map { (name, $0) }
    }
  }
}
