import Foundation
import Kernels
import Machines
import Projection
import Simulation

/// What a pass would take on a machine: the timing equations of a projection with traffic in closed form instead of a simulated
/// one (docs/METHODS.md, "The autotuner"). It exists to leave the hopeless candidates unmeasured.
extension PassEstimate {
  /// Nanoseconds per token of the batch. Throws `InputError` where the machine lacks a figure.
  func nanosecondsPerToken(_ pass: Pass, on machine: Machine) throws -> Double {
    // Without bf16 multiply-adds a projection is widened to fp32. It is the same for every strategy.
    let work = machine.keysMissing(for: phases).isEmpty ? phases : widenedPhases
    let projection = try Projection.project(
      phases: work, tokens: pass.tokens, threads: pass.threads, traffic: traffic(pass, on: machine), on: machine)
    return 1e9 / projection.tokensPerSecond
  }

  /// Share of an operand's lines that are not in a cache of `capacity` bytes which `sharers` workers use.
  private func missRatio(_ operand: Operand, capacity: Double, sharers: Double) -> Double {
    let inUse = operand.commonBytes + sharers * (operand.reuseBytes - operand.commonBytes)
    if inUse <= capacity { return 0 }
    return operand.isCyclic || inUse.isInfinite ? 1 : 1 - capacity / inUse
  }

  /// The traffic of the stages.
  func traffic(_ pass: Pass, on machine: Machine) -> Traffic {
    Traffic(
      lineBytes: machine.lineBytes, levelNames: machine.caches.map(\.name),
      phases: operands.map { counts($0, workers: Double(pass.threads), on: machine) })
  }

  private func counts(_ operands: [Operand], workers: Double, on machine: Machine) -> PhaseCounts {
    let line = Double(machine.lineBytes)
    var counts = PhaseCounts(levels: machine.caches.map { _ in LevelCounts() })
    for operand in operands {
      var missesAbove = 1.0
      var above = 0.0
      for (level, cache) in machine.caches.enumerated() {
        let sharers = min(workers, Double(cache.sharedByCores))
        // A victim cache holds what the levels above it do not.
        let capacity = Double(cache.sizeBytes) + (cache.inclusion == .victim ? sharers * above : 0)
        above = Double(cache.sizeBytes) / sharers
        // No level serves what one above it holds.
        let misses = min(missesAbove, missRatio(operand, capacity: capacity, sharers: sharers))
        let lines = UInt64(operand.bytes * misses / line)
        counts.levels[level].readMisses += lines
        counts.levels[level].evictions += lines
        if operand.isWritten { counts.levels[level].writebacks += lines }
        counts.gatherSources[level] += UInt64(operand.pieces * (missesAbove - misses))
        missesAbove = misses
      }
      let lines = UInt64(operand.bytes * missesAbove / line)
      counts.memory.reads += lines
      if operand.isWritten { counts.memory.writes += lines }
      counts.gatherSources[machine.caches.count] += UInt64(operand.pieces * missesAbove)
    }
    return counts
  }
}
