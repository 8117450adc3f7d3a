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
  /// Whether sensitivities include the capacities of the caches, which costs two simulations for each.
  private let movesCapacities: Bool
  /// Results by `streamKey`: points that differ only in where their memory lies have the same stream.
  private var cache: [String: Projections] = [:]

  /// The number of access streams simulated so far.
  var streamCount: Int { cache.count }

  private struct Projections {
    var machines: [Projected]
    var accounts: [StageAccount]
    var notes: [String]
  }

  private struct Projected {
    var machine: String
    var projection: Projection
    var traffic: Traffic
    var sensitivities: [Sensitivity]
  }

  public init(runID: String, machines: [Machine], host: String?, movesCapacities: Bool = false) {
    self.runID = runID
    self.movesCapacities = movesCapacities
    self.machines = machines
    self.host = host
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
    let key = streamKey(resolved)
    if let known = cache[key] { return known }
    let large = machines.filter { point.threads <= $0.cores ?? .max }
    guard !large.isEmpty else {
      return Projections(
        machines: [], accounts: kernel.accounts,
        notes: ["\(ProjectionOutcome.refusal): no machine has \(point.threads) cores"])
    }
    let workload = try kernel.workload(input: input, tokens: point.simulated.tokens, threads: point.threads)
    let fitting = large.filter { $0.keysMissing(for: workload.phases).isEmpty }
    let notes = large.compactMap { machine in
      let missing = machine.keysMissing(for: workload.phases)
      return missing.isEmpty
        ? nil
        : "\(ProjectionOutcome.refusal) onto \(machine.name), which does not give \(missing.joined(separator: ", "))"
    }

    let projections = Projections(
      machines: try concurrentMap(fitting) { [movesCapacities] machine in
        try Self.projected(point, workload, on: machine, movesCapacities: movesCapacities)
      },
      accounts: kernel.accounts, notes: notes)
    cache[key] = projections
    return projections
  }

  private static func projected(
    _ point: Point, _ workload: some Workload, on machine: Machine, movesCapacities: Bool
  ) throws -> Projected {
    let traffic = try Traffic(simulating: workload, on: machine)
    let options = Projection.Options(
      matrix: point.trafficMatrix(on: machine, phases: workload.phases, traffic: traffic))
    return Projected(
      machine: machine.name,
      projection: try Projection.project(workload, traffic: traffic, on: machine, options: options),
      traffic: traffic,
      sensitivities: try Sensitivity.all(
        phases: workload.phases, tokens: workload.tokens, threads: workload.threads, traffic: traffic, on: machine,
        options: options, simulate: movesCapacities ? { try Traffic(simulating: workload, on: $0) } : nil))
  }

  /// The key of points with equal projections: they differ only in their pages and, where no machine has memory nodes
  /// with a link, in the placement of threads and memory. The point's strategy must be known.
  private func streamKey(_ point: Point) -> String {
    var key = point
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
    if let known = cache[streamKey(resolved)] { return outcome(point, known) }
    try resolved.requireSimulable()
    let kernel = try factory.kernel(for: resolved.simulated, memory: HeapMemory())
    let input = try factory.input(for: point, tokens: point.simulated.tokens)
    return try input.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { throw PointSkipped("has no tokens") }
      return try project(point, as: resolved, kernel: kernel, input: base)
    }
  }
}
