import Foundation
import Kernels
import Machines
import Projection
import Simulation

/// The time of a pass on a machine: the timing equations of a projection with traffic in closed form instead of a
/// simulated one (docs/reference/methods.md, "The autotuner"). It serves to prune candidates before they are timed.
extension PassEstimate {
  /// Nanoseconds per token of the batch. Throws `InputError` where the machine lacks a figure.
  func nanosecondsPerToken(_ pass: Pass, on machine: Machine) throws -> Double {
    // Without bf16 multiply-adds the hash projection is widened to fp32, which is the same for every strategy.
    let work = machine.keysMissing(for: phases).isEmpty ? phases : widenedPhases
    let projection = try Projection.project(
      phases: work, tokens: pass.tokens, threads: pass.threads, traffic: traffic(pass, on: machine), on: machine)
    return 1e9 / projection.tokensPerSecond
  }

  /// The traffic of the stages.
  func traffic(_ pass: Pass, on machine: Machine) -> Traffic {
    EstimatedTraffic(phases: arrays, threads: pass.threads).estimate(on: machine)
  }
}
