import AccessStreams
import Kernels
import Machines
import Measurement
import Plans
import Profiles
import Projection
import Simulation

/// A point whose access stream has been profiled once, ready to be timed on any number of machines.
struct ProfiledPoint {
  let point: Point
  private let workload: any Workload
  /// The workload's phases, which it would otherwise add up again for every machine.
  private let phases: [PhaseWork]
  private let traffic: ProfiledTraffic

  /// Profiles the stream of the point's `workload` for all `sharings`, the numbers of cores that share a cache.
  init(_ point: Point, _ workload: any Workload, sharings: [Int], lineBytes: Int, sampling: Sampling) throws {
    self.point = point
    self.workload = workload
    phases = workload.phases
    traffic = ProfiledTraffic(
      try WorkloadProfile(workload, sharings: sharings, lineBytes: lineBytes, sampling: sampling))
  }

  /// Throws `PointSkipped` where this machine cannot make the kernel, where one of `bases` gives no rate for the
  /// kernel's multiply-adds, or where none of `bases` has enough cores.
  static func makeWorkload(of point: Point, from factory: KernelFactory, bases: [Machine]) throws -> any Workload {
    try point.requireSimulable()
    let kernel = try factory.kernel(for: point.simulated, memory: HeapMemory())
    let tokens = point.simulated.tokens
    let input = try factory.input(for: point, tokens: tokens)
    let workload = try input.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { throw PointSkipped("it has no tokens") }
      return try kernel.workload(input: base, tokens: tokens, threads: point.threads)
    }
    for base in bases {
      let missing = base.keysMissing(for: workload.phases)
      guard missing.isEmpty else { throw PointSkipped("\(base.name) lacks \(missing.joined(separator: ", "))") }
    }
    return workload
  }

  /// Nil where the machine has fewer cores than the point threads.
  func projection(on corners: MachineCorners) throws -> Projection? { try projection(from: traffic, on: corners) }

  /// The projection from an exact simulation of the machine's caches.
  func exactProjection(on machine: Machine) throws -> Projection? {
    func simulated(_ workload: some Workload) throws -> Projection? {
      try projection(from: SimulatedTraffic(workload), on: MachineCorners(machine))
    }
    return try simulated(workload)
  }

  private func projection(from source: some TrafficSource, on corners: MachineCorners) throws -> Projection? {
    guard point.threads <= corners.machine.cores ?? .max, let traffic = try source.traffic(on: corners.machine) else {
      return nil
    }
    return try Projection.project(
      phases: phases, tokens: workload.tokens, threads: workload.threads, traffic: traffic, on: corners)
  }
}
