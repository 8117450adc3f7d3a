import AccessStreams
import Machines
import Simulation

/// Traffic in closed form, from the sizes of the arrays that a workload keeps in use. No access stream is made.
public struct EstimatedTraffic: TrafficSource {
  /// The arrays of each phase; a phase without arrays has no traffic.
  public var phases: [[ReusedArray]]
  public var threads: Int

  public init(phases: [[ReusedArray]], threads: Int) {
    self.phases = phases
    self.threads = threads
  }

  public func traffic(on machine: Machine) -> Traffic? { estimate(on: machine) }

  /// The estimate, which exists for every machine.
  public func estimate(on machine: Machine) -> Traffic {
    Traffic(
      origin: .estimated, lineBytes: machine.lineBytes, levelNames: machine.caches.map(\.name),
      phases: phases.map { counts($0, on: machine) })
  }

  private func counts(_ arrays: [ReusedArray], on machine: Machine) -> PhaseCounts {
    let line = Double(machine.lineBytes)
    let threads = Double(threads)
    var counts = PhaseCounts(levels: machine.caches.map { _ in LevelCounts() })
    for array in arrays {
      var missesAbove = 1.0
      var above = 0.0
      for (level, cache) in machine.caches.enumerated() {
        let sharers = min(threads, Double(cache.sharedByCores))
        // A victim cache holds what the levels above it do not.
        let capacity = Double(cache.sizeBytes) + (cache.inclusion == .victim ? sharers * above : 0)
        above = Double(cache.sizeBytes) / sharers
        // A level serves nothing that a level above it holds.
        let misses = min(missesAbove, array.missRatio(capacity: capacity, sharers: sharers))
        let lines = UInt64(array.bytes * misses / line)
        counts.levels[level].readMisses += lines
        counts.levels[level].evictions += lines
        if array.isWritten { counts.levels[level].writebacks += lines }
        counts.gatherSources[level] += UInt64(array.pieces * (missesAbove - misses))
        missesAbove = misses
      }
      let lines = UInt64(array.bytes * missesAbove / line)
      counts.memory.reads += lines
      if array.isWritten { counts.memory.writes += lines }
      counts.gatherSources[machine.caches.count] += UInt64(array.pieces * missesAbove)
    }
    return counts
  }
}

extension ReusedArray {
  /// Share of the array's lines that are not in a cache of `capacity` bytes which `sharers` threads use.
  fileprivate func missRatio(capacity: Double, sharers: Double) -> Double {
    let inUse = commonBytes + sharers * (reuseBytes - commonBytes)
    if inUse <= capacity { return 0 }
    return isCyclic || inUse.isInfinite ? 1 : 1 - capacity / inUse
  }
}
