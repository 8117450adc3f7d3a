import AccessStreams
import Machines
import Support

/// The method by which traffic was determined.
public enum TrafficOrigin: String, CaseIterable, Sendable, Encodable {
  /// Exact simulation of every access.
  case simulated
  /// A reuse profile of the access stream.
  case profiled
  /// Closed-form estimates from the sizes of the arrays in use.
  case estimated
  /// By counters of a run, on the machine that ran it.
  case counted
  /// By simulation, times the ratio of counted to simulated lines on another machine of the same kind.
  case corrected
}

/// The memory traffic of a workload on one machine's caches, phase by phase: the input of a projection.
public struct Traffic: Equatable, Sendable {
  public var origin: TrafficOrigin
  public var lineBytes: Int
  /// Names of the cache levels, from the core outwards.
  public var levelNames: [String]
  /// One entry per phase of the workload, with totals over all its threads.
  public var phases: [PhaseCounts]
  /// Sources by boundary, where some lines were replaced by others; nil where all are of `origin`.
  public var replacedSources: [LineSource]?

  /// Sources of the lines from beyond each level, and of memory's writes as the last entry.
  public var sources: [LineSource] {
    replacedSources ?? Array(repeating: LineSource(origin), count: levelNames.count + 1)
  }

  public init(origin: TrafficOrigin, lineBytes: Int, levelNames: [String], phases: [PhaseCounts]) {
    self.origin = origin
    self.lineBytes = lineBytes
    self.levelNames = levelNames
    self.phases = phases
  }

  /// Simulates `workload` on the machine's caches, one thread a core.
  ///
  /// With `warmUp` the workload runs once uncounted, so that the counts are those of a steady state, in which a benchmark
  /// repeats it. Throws `InputError` if the machine has fewer cores than the workload threads.
  public init(simulating workload: some Workload, on machine: Machine, warmUp: Bool = true) throws {
    let simulator = try CacheSimulator(machine: machine, cores: workload.threads)
    for pass in warmUp ? [false, true] : [true] {
      if pass { simulator.resetCounts() }
      let stream = AccessStream(sink: simulator)
      workload.emit(to: stream)
      stream.flush()
    }
    // A phase without accesses is never entered but keeps its place.
    let idle = PhaseCounts(levels: Array(repeating: LevelCounts(), count: machine.caches.count))
    var phases = simulator.phaseCounts
    while phases.count < workload.phases.count { phases.append(idle) }
    self.init(
      origin: .simulated, lineBytes: machine.lineBytes, levelNames: machine.caches.map(\.name), phases: phases)
  }

  /// Totals over all phases.
  public var total: PhaseCounts? {
    guard var total = phases.first else { return nil }
    for phase in phases.dropFirst() { total += phase }
    return total
  }
}
