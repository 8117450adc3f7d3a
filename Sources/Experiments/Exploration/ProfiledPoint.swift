import CacheModel
import Kernels

/// A point whose access stream has been profiled once, ready to be timed on any number of machines.
struct ProfiledPoint {
  let point: Point
  private let workload: any Workload
  private let traffic: ProfiledTraffic

  /// Profiles the point's stream for all `sharings`, the numbers of cores that share a cache.
  init(
    _ point: Point, from factory: KernelFactory, sharings: [Int], lineBytes: Int, sampling: Sampling
  ) throws {
    let kernel = try factory.kernel(for: point, memory: HeapMemory())
    let tokens = min(point.tokens, Projector.simulatedTokens)
    let input = try factory.input(for: point)
    workload = try input.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { throw PointSkipped("it has no tokens") }
      return try kernel.workload(input: base, tokens: tokens, threads: point.threads)
    }
    traffic = ProfiledTraffic(
      try WorkloadProfile(workload, sharings: sharings, lineBytes: lineBytes, sampling: sampling))
    self.point = point
  }

  /// The narrow operand types that the machine gives no rate for, by key.
  func keysMissing(on machine: Machine) -> [String] { machine.keysMissing(for: workload.phases) }

  /// Nil where the machine has fewer cores than the point threads.
  func projection(on machine: Machine) throws -> Projection? {
    guard point.threads <= machine.cores ?? .max, let traffic = traffic.traffic(on: machine) else { return nil }
    return try Projection.project(workload, traffic: traffic, on: machine)
  }

  /// The same from an exact simulation of the machine's caches.
  func exactProjection(on machine: Machine) throws -> Projection? {
    guard point.threads <= machine.cores ?? .max else { return nil }
    return try Projection.project(
      workload, traffic: try Traffic(simulating: workload, on: machine), on: machine)
  }
}
