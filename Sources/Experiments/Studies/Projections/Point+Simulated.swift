import Measurement
import Plans
import Support

extension Point {
  /// The number of cores that an access stream can distinguish.
  private static let mostSimulatedCores = Int(UInt16.max) + 1

  /// Throws `PointSkipped` where the point's short batch cannot be built in this process, or has more cores than a stream
  /// can. CPUs and instruction sets are those of the machine that it is projected onto.
  package func requireSimulable() throws {
    guard threads <= Self.mostSimulatedCores else {
      throw PointSkipped("has \(threads) threads, and a stream of at most \(Self.mostSimulatedCores) can be simulated")
    }
    if let shortage = simulated.memoryShortage() { throw PointSkipped(shortage) }
  }
}
