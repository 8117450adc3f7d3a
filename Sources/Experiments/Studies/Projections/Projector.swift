import AccessStreams
import Foundation
import Kernels
import Machines
import Plans
import Profiler
import Projection
import RunStore
import Simulation

/// Projects points onto machines: simulates each point's access stream on each machine's caches, then times it.
public final class Projector: @unchecked Sendable {
  /// Raised with every change that can move a projection.
  static let modelVersion = "7"

  private let runID: String
  private let machines: [Machine]
  /// Name of the machine in `machines` that describes this host, whose projections have a measurement beside them.
  private let host: String?
  /// Whether sensitivities include the capacities of the caches, which costs two simulations for each.
  private let movesCapacities: Bool
  /// Points that differ only in where their memory lies have the same stream.
  private var cache: [String: Projections] = [:]

  private struct Projections {
    var machines: [Projected]
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

  /// Machines with fewer cores than the point has threads are left out; those that give no rate for its multiply-adds too,
  /// with a note.
  public func project(
    _ point: Point, kernel: any Kernel, input: UnsafePointer<Float>, measuredTokensPerSecond: Double?
  ) throws -> ProjectionOutcome {
    let projections = try projections(point, kernel: kernel, input: input)
    let projected = projections.machines
    var outcome = ProjectionOutcome(notes: projections.notes)
    for one in projected {
      outcome.rows.append(row(point, one, measured: one.machine == host ? measuredTokensPerSecond : nil))
      outcome.sensitivities += one.sensitivities.map {
        SensitivityRow(
          runID: runID, pointID: point.id, machine: one.machine, parameter: $0.parameter,
          tokensPerSecondAtMinusTenth: $0.tokensPerSecondAtMinusTenth,
          tokensPerSecondAtPlusTenth: $0.tokensPerSecondAtPlusTenth)
      }
    }
    let own = projected.first { $0.machine == host }
    outcome.stages = kernel.accounts.map { stage(point, $0, own?.projection, own?.traffic) }
    return outcome
  }

  private func projections(
    _ point: Point, kernel: any Kernel, input: UnsafePointer<Float>
  ) throws -> Projections {
    var resolved = point
    resolved.strategy = (kernel as? LookupFFN)?.strategy
    let key = streamKey(resolved)
    if let known = cache[key] { return known }
    let large = machines.filter { point.threads <= $0.cores ?? .max }
    guard !large.isEmpty else {
      return Projections(machines: [], notes: ["not projected: no machine has \(point.threads) cores"])
    }
    let workload = try kernel.workload(input: input, tokens: point.simulated.tokens, threads: point.threads)
    let fitting = large.filter { $0.keysMissing(for: workload.phases).isEmpty }
    let notes = large.compactMap { machine in
      let missing = machine.keysMissing(for: workload.phases)
      return missing.isEmpty
        ? nil : "not projected onto \(machine.name), which does not give \(missing.joined(separator: ", "))"
    }

    let projections = Projections(
      machines: try concurrentMap(fitting) { try self.projected(point, workload, on: $0) }, notes: notes)
    cache[key] = projections
    return projections
  }

  private func projected(_ point: Point, _ workload: some Workload, on machine: Machine) throws -> Projected {
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

  /// The same for points whose projections are the same: those that differ only in their pages and, where no machine has
  /// memory nodes, in where threads and memory lie. The point's strategy must be known.
  func streamKey(_ point: Point) -> String {
    Projector.streamKey(point, placementMatters: Projector.placementMatters(machines))
  }

  /// Whether one of `machines` has memory nodes with a link between them.
  static func placementMatters(_ machines: [Machine]) -> Bool {
    machines.contains { $0.numa?.linkGigabytesPerSecond != nil }
  }

  static func streamKey(_ point: Point, placementMatters: Bool) -> String {
    var key = point
    if !placementMatters {
      key.cpus = .compact
      key.memory = .local
    }
    key.pages = .transparentHuge
    return key.id
  }

  // MARK: - Rows

  private func row(_ point: Point, _ projected: Projected, measured: Double?) -> ProjectionRow {
    let projection = projected.projection
    let total = projected.traffic.total
    let tokens = Double(point.simulated.tokens)
    func nanoseconds(_ cause: Limiter) -> Double {
      projection.phases.reduce(0) { $0 + ($1.causes[cause] ?? 0) } * 1e9 / tokens
    }
    return ProjectionRow(
      runID: runID, pointID: point.id, machine: projected.machine, tokensPerSecond: projection.tokensPerSecond,
      lowTokensPerSecond: projection.low, highTokensPerSecond: projection.high, limiter: projection.limiter.rawValue,
      measuredTokensPerSecond: measured, computeNanoseconds: nanoseconds(.compute), l1Nanoseconds: nanoseconds(.l1),
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
  /// Lines over the boundary below a level: what it fetched and what it wrote back; nil where there is no such level.
  fileprivate func lines(below level: Int) -> Double? {
    level < levels.count ? Double(levels[level].misses + levels[level].writebacks) : nil
  }
}

extension Projector {
  /// Projects points that nobody measures: builds each kernel on the heap and asks only for its access stream.
  /// `strategies` are those that were chosen for points that leave theirs open, by id.
  public func rows(
    _ points: [Point], experiment: Experiment, strategies: [String: LookupStrategy] = [:],
    progress: (String) -> Void = { _ in }
  ) throws -> [ProjectionRow] {
    try outcomes(points, experiment: experiment, strategies: strategies, progress: progress).flatMap(\.rows)
  }

  /// The same with all that a projection gives.
  public func outcomes(
    _ points: [Point], experiment: Experiment, strategies: [String: LookupStrategy] = [:],
    progress: (String) -> Void = { _ in }
  ) throws -> [ProjectionOutcome] {
    let factory = KernelFactory(experiment: experiment, libraries: LibraryChoice())
    return try points.compactMap { point -> ProjectionOutcome? in
      do {
        var resolved = point
        resolved.strategy = point.strategy ?? strategies[point.id]
        try resolved.requireSimulable()
        let kernel = try factory.kernel(for: resolved.simulated, memory: HeapMemory())
        let input = try factory.input(for: point, tokens: point.simulated.tokens)
        return try input.withUnsafeBufferPointer { buffer in
          guard let base = buffer.baseAddress else { return nil }
          let outcome = try project(point, kernel: kernel, input: base, measuredTokensPerSecond: nil)
          for note in outcome.notes { progress("\(point.label): \(note)") }
          return outcome
        }
      } catch let skipped as PointSkipped {
        progress("skipped \(point.label): \(skipped)")
        return nil
      }
    }
  }
}
