import AccessStreams
import Machines
import Profiles
import Projection
import Simulation
import Testing

@testable import Kernels

/// GEMM libraries reach 85 to 95 % of the multiply-add peak on server cores. No cache of a catalogue machine may
/// lower that for a product that a library tiles to fit.
@Suite struct PublishedProductTests {
  @Test func `a dense network's products reach 80 to 95 per cent of the peak of every machine's core`() throws {
    let shape = DenseFFNShape(hidden: 512, intermediate: 2048)
    let workload = DenseWorkload(shape: shape, tokenTile: 256, tokens: 512, threads: 1)
    let profile = try WorkloadProfile(workload, sharings: [1])
    for machine in try MachineCatalogue.bundled().machines() {
      guard let traffic = Traffic(profile, on: machine) else { continue }
      let projection = try Projection.project(workload, traffic: traffic, on: machine)
      let simd = try #require(machine.simd)
      let perSecond = try #require(simd.multiplyAddsPerCycle(.fp32)) * (try #require(machine.frequencyGHz)) * 1e9
      for (phase, work) in zip(projection.phases, workload.phases) where work.name != "bias and GELU" {
        let share = work.multiplyAdds / (phase.seconds * perSecond)
        #expect((0.80...0.951).contains(share), "\(machine.name), \(work.name): \(share), \(phase.limiter)")
      }
    }
  }
}
