import AccessStreams
import Foundation
import Kernels
import Machines
import Measurement
import Plans
import Profiler
import Projection
import RunStore
import Simulation

/// Projects points onto machines: simulates each point's access stream on each machine's caches, then times it.
/// Machines are projected onto concurrently.
public final class Projector {
  /// Raised with every change that can move a projection.
  static let modelVersion = "7"

  private let runID: String
  private let machines: [Machine]
  /// The name of the machine in `machines` that describes this host; a point's stages show its projection.
  private let host: String?
  private let onto: Onto
  /// Results by `streamKey`: points that differ only in where their memory lies have the same stream.
  private var cache: [String: Projections] = [:]
  /// Simulated beside counted lines on the machine that counted, by point id.
  private(set) var comparisons: [String: [LineComparison]] = [:]
  /// Simulated traffic, and the same with counted lines in it, of the points that the machine counted.
  private var pairs: [(simulated: Traffic, counted: Traffic)] = []
  /// The former by point id.
  private(set) var simulatedOnHost: [String: Traffic] = [:]

  /// The number of access streams simulated so far.
  var streamCount: Int { cache.count }

  /// Counted over simulated lines of the points projected so far.
  var ratios: TrafficRatios { TrafficRatios(pairs) }

  private struct Projections {
    var machines: [Projected]
    var accounts: [StageAccount]
    var notes: [String]
  }

  private struct Projected {
    var machine: String
    /// What the projection was made of: simulated, counted, corrected or widened.
    var label: String
    /// The source of every boundary's lines.
    var sources: String
    var projection: Projection
    var traffic: Traffic
    var sensitivities: [Sensitivity]
    /// Beside a traffic with counted lines: the simulated one.
    var simulated: Traffic?
  }

  /// What a point is projected with, onto each machine; machines are projected onto concurrently.
  private struct Onto: Sendable {
    /// Each kind is a projection of its own of a point onto a machine; the first has the sensitivities and the stages.
    let kinds: [TrafficKind]
    /// Needed for the kind `counted`.
    let evidence: TrafficEvidence?
    /// Whether sensitivities include the capacities of the caches, which costs two simulations for each.
    let movesCapacities: Bool

    /// The point's projections onto one machine, one for each kind of traffic that there is.
    func projected(_ point: Point, _ workload: some Workload, on machine: Machine) throws -> [Projected] {
      let source = SimulatedTraffic(workload)
      let known = machine.caches == evidence?.host.caches ? evidence?.simulated[point.id] : nil
      let simulation =
        try known.map { KnownTraffic(source, traffic: $0, on: machine) } ?? KnownTraffic(source, on: machine)
      return try kinds.enumerated().compactMap { index, kind in
        try projected(
          kind, of: point, workload, from: simulation, on: machine, withSensitivities: index == 0)
      }
    }

    private func projected(
      _ kind: TrafficKind, of point: Point, _ workload: some Workload,
      from simulation: KnownTraffic<some TrafficSource>,
      on machine: Machine, withSensitivities: Bool
    ) throws -> Projected? {
      func projection(_ traffic: Traffic) throws -> Projection {
        try Projection.project(workload, traffic: traffic, on: machine, options: options(traffic))
      }
      func options(_ traffic: Traffic) -> Projection.Options {
        Projection.Options(matrix: point.trafficMatrix(on: machine, phases: workload.phases, traffic: traffic))
      }
      func result(_ label: String, from source: some TrafficSource, widenedBy ends: [Traffic] = []) throws -> Projected
      {
        let traffic = try source.requiredTraffic(on: machine)
        let sensitivities =
          withSensitivities
          ? try Sensitivity.all(
            phases: workload.phases, tokens: workload.tokens, threads: workload.threads, traffic: traffic, on: machine,
            options: options(traffic), source: movesCapacities ? source : nil) : []
        return Projected(
          machine: machine.name, label: label, sources: traffic.sourcesText,
          projection: try ends.map(projection).reduce(projection(traffic)) { $0.widened(to: $1) }, traffic: traffic,
          sensitivities: sensitivities)
      }

      guard kind == .counted, let evidence else { return try result(kind.rawValue, from: simulation) }
      let simulated = simulation.traffic
      switch evidence.bearing(on: machine, point: point.id) {
      case .counted(let counted):
        let source = try CountedTrafficSource(simulation, counted: counted, tokens: workload.tokens, on: machine)
        var projected = try result("counted", from: source)
        projected.simulated = simulated
        return projected
      case .corrects:
        return try result(
          "corrected", from: CorrectedTrafficSource(simulation, by: evidence.ratios),
          widenedBy: [.low, .high].map { simulated.corrected(by: evidence.ratios, at: $0) })
      case .widens:
        let ends = [TrafficRatios.End.low, .high].map { simulated.widened(by: evidence.ratios, at: $0) }
        var projected = try result("widened", from: simulation, widenedBy: ends)
        projected.sources =
          "simulated; band widened by counts of \(evidence.host.name): " + (ends.last?.sourcesText ?? "")
        return projected
      case .silent: return nil
      }
    }
  }

  public init(
    runID: String, machines: [Machine], host: String?, movesCapacities: Bool = false,
    kinds: [TrafficKind] = [.simulated], evidence: TrafficEvidence? = nil
  ) {
    precondition(!kinds.contains(.counted) || evidence != nil, "counted traffic needs counts")
    self.runID = runID
    self.machines = machines
    self.host = host
    onto = Onto(kinds: kinds, evidence: evidence, movesCapacities: movesCapacities)
  }

  /// Leaves out machines with fewer cores than the point has threads, and, with a note, those that give no rate for
  /// its multiply-adds.
  ///
  /// `resolved` is the point with the strategy that runs.
  func project(
    _ point: Point, as resolved: Point, kernel: any Kernel, input: UnsafePointer<Float>
  ) throws -> ProjectionOutcome {
    outcome(point, try projections(point, as: resolved, kernel: kernel, input: input))
  }

  private func outcome(_ point: Point, _ projections: Projections) -> ProjectionOutcome {
    let projected = projections.machines
    var outcome = ProjectionOutcome(notes: projections.notes)
    for one in projected {
      outcome.rows.append(row(point, one))
      outcome.sensitivities += one.sensitivities.map {
        SensitivityRow(
          runID: runID, pointID: point.id, machine: one.machine, parameter: $0.parameter,
          tokensPerSecondAtMinusTenth: $0.tokensPerSecondAtMinusTenth,
          tokensPerSecondAtPlusTenth: $0.tokensPerSecondAtPlusTenth)
      }
    }
    let own = projected.first { $0.machine == host }
    outcome.stages = projections.accounts.map { stage(point, $0, own?.projection, own?.traffic) }
    return outcome
  }

  private func projections(
    _ point: Point, as resolved: Point, kernel: any Kernel, input: UnsafePointer<Float>
  ) throws -> Projections {
    let key = streamKey(point, as: resolved)
    if let known = cache[key] { return known }
    let large = machines.filter { point.threads <= $0.cores ?? .max }
    guard !large.isEmpty else {
      return Projections(
        machines: [], accounts: kernel.accounts,
        notes: ["\(ProjectionOutcome.refusal): no machine has \(point.threads) cores"])
    }
    let workload = try kernel.workload(input: input, tokens: point.simulated.tokens, threads: point.threads)
    let fitting = large.filter { $0.keysMissing(for: workload.phases).isEmpty }
    var notes = large.compactMap { machine in
      let missing = machine.keysMissing(for: workload.phases)
      return missing.isEmpty
        ? nil
        : "\(ProjectionOutcome.refusal) onto \(machine.name), which does not give \(missing.joined(separator: ", "))"
    }
    if onto.kinds.contains(.counted) { notes += notesOnCounts(of: point, onto: fitting) }

    let projected = try concurrentMap(fitting) { [onto] in try onto.projected(point, workload, on: $0) }.flatMap { $0 }
    if let own = projected.first(where: { $0.simulated != nil }), let simulated = own.simulated {
      pairs.append((simulated, own.traffic))
      simulatedOnHost[point.id] = simulated
      comparisons[point.id] = onto.evidence?.counts.points[point.id]?.comparisons(
        with: simulated, tokens: workload.tokens)
    }
    let projections = Projections(machines: projected, accounts: kernel.accounts, notes: notes)
    cache[key] = projections
    return projections
  }

  /// Why a point has no projection from counts, and what is to be known of those that it has.
  private func notesOnCounts(of point: Point, onto machines: [Machine]) -> [String] {
    var notes = onto.evidence?.counts.points[point.id]?.warnings ?? []
    for machine in machines {
      guard case .silent(let reason)? = onto.evidence?.bearing(on: machine, point: point.id) else { continue }
      notes.append("\(ProjectionOutcome.refusal) from counts onto \(machine.name): \(reason)")
    }
    return notes
  }

  /// The key of points with equal projections: they differ only in their pages and, where no machine has memory nodes
  /// with a link, in the placement of threads and memory. Counts are of a point alone.
  /// The strategy of `resolved` must be known.
  private func streamKey(_ point: Point, as resolved: Point) -> String {
    if onto.kinds.contains(.counted) { return point.id }
    var key = resolved
    if !machines.contains(where: { $0.numa?.linkGigabytesPerSecond != nil }) {
      key.placement = Placement(threads: key.threads)
    }
    key.placement.pages = .transparentHuge
    return key.id
  }

  // MARK: - Rows

  private func row(_ point: Point, _ projected: Projected) -> ProjectionRow {
    let projection = projected.projection
    let total = projected.traffic.total
    let tokens = Double(point.simulated.tokens)
    func nanoseconds(_ cause: Limiter) -> Double {
      projection.phases.reduce(0) { $0 + ($1.causes[cause] ?? 0) } * 1e9 / tokens
    }
    return ProjectionRow(
      runID: runID, pointID: point.id, machine: projected.machine, tokensPerSecond: projection.tokensPerSecond,
      lowTokensPerSecond: projection.low, highTokensPerSecond: projection.high, limiter: projection.limiter.rawValue,
      computeNanoseconds: nanoseconds(.compute), l1Nanoseconds: nanoseconds(.l1),
      l2Nanoseconds: nanoseconds(.l2), l3Nanoseconds: nanoseconds(.l3), memoryNanoseconds: nanoseconds(.memory),
      latencyNanoseconds: nanoseconds(.latency), socketCores: projection.socket.cores,
      socketTokensPerSecond: projection.socket.tokensPerSecond, socketLowTokensPerSecond: projection.socket.low,
      socketHighTokensPerSecond: projection.socket.high, socketLimiter: projection.socket.limiter.rawValue,
      l2LinesPerToken: total?.lines(below: 0).map { $0 / tokens },
      l3LinesPerToken: total?.lines(below: 1).map { $0 / tokens },
      memoryLinesPerToken: total.map { Double($0.memory.reads + $0.memory.writes) / tokens },
      traffic: projected.label, trafficSources: projected.sources == projected.label ? nil : projected.sources,
      modelVersion: Projector.modelVersion)
  }

  private func stage(
    _ point: Point, _ account: StageAccount, _ projection: Projection?, _ traffic: Traffic?
  ) -> StageRow {
    let phase = projection?.phases.firstIndex { $0.name == account.stage }
    let tokens = Double(point.simulated.tokens)
    let counts = phase.flatMap { traffic?.phases[$0] }
    func lines(below level: Int) -> Double? { counts?.lines(below: level).map { $0 / tokens } }
    return StageRow(
      pointID: point.id, stage: account.stage, flopPerToken: account.flops,
      algorithmicBytesPerToken: account.algorithmicBytes(tokens: point.tokens),
      tableBytesPerToken: account.tableBytes, modelledL2LinesPerToken: lines(below: 0),
      modelledL3LinesPerToken: lines(below: 1),
      modelledMemoryLinesPerToken: counts.map { Double($0.memory.reads + $0.memory.writes) / tokens },
      modelledNanosecondsPerToken: phase.flatMap { projection?.phases[$0].seconds }.map { $0 * 1e9 / tokens })
  }
}

extension PhaseCounts {
  /// Lines that cross the boundary below a level, fetched and written back; nil where there is no such level.
  fileprivate func lines(below level: Int) -> Double? {
    level < levels.count ? Double(levels[level].misses + levels[level].writebacks) : nil
  }
}

extension Projector {
  /// Projects points without measuring them: builds each kernel on the heap and asks only for its access stream.
  /// `settled` holds points with the strategy that was chosen for them, by the id of the point that left it open.
  public func rows(
    _ points: [Point], experiment: Experiment, settled: [String: Point] = [:],
    progress: (String) -> Void = { _ in }
  ) throws -> [ProjectionRow] {
    try outcomes(points, experiment: experiment, settled: settled, progress: progress).flatMap(\.rows)
  }

  /// Projects points as `rows` does, and returns all that a projection gives.
  public func outcomes(
    _ points: [Point], experiment: Experiment, settled: [String: Point] = [:],
    progress: (String) -> Void = { _ in }
  ) throws -> [ProjectionOutcome] {
    let factory = KernelFactory(experiment: experiment)
    return try points.compactMap { point -> ProjectionOutcome? in
      do {
        let outcome = try self.outcome(point, factory, settled: settled[point.id])
        for note in outcome.notes { progress("\(point.label): \(note)") }
        return outcome
      } catch let skipped as PointSkipped {
        progress("skipped \(point.label): \(skipped)")
        return nil
      }
    }
  }

  /// Projects one point. Its layer is built on the heap for the access stream, unless that is known already.
  /// `settled` is the point with the strategy that was chosen, where the point leaves it open. Throws `PointSkipped`
  /// where the layer cannot be built.
  func outcome(_ point: Point, _ factory: KernelFactory, settled: Point? = nil) throws -> ProjectionOutcome {
    let resolved = settled ?? point
    if let known = cache[streamKey(point, as: resolved)] { return outcome(point, known) }
    try resolved.requireSimulable()
    let kernel = try factory.kernel(for: resolved.simulated, memory: HeapMemory())
    let input = try factory.input(for: point, tokens: point.simulated.tokens)
    return try input.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { throw PointSkipped("has no tokens") }
      return try project(point, as: resolved, kernel: kernel, input: base)
    }
  }
}

extension Traffic {
  /// Every boundary with the source of its lines.
  fileprivate var sourcesText: String {
    guard replacedSources != nil else { return origin.rawValue }
    return boundaries.map { "\(name(of: $0)): \(source(of: $0).text)" }.joined(separator: "; ")
  }
}
