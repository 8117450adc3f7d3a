import Kernels
import Support

extension Point {
  /// The short batch whose access stream is simulated or profiled in place of the point's own: see
  /// `Projector.simulatedTokens`.
  var simulated: Point {
    var short = self
    short.tokens = min(tokens, Projector.simulatedTokens)
    return short
  }

  /// Cores that an access stream can tell apart.
  private static let mostSimulatedCores = Int(UInt16.max) + 1

  /// Throws `PointSkipped` where the point's short batch cannot be built in this process, or has more cores than a stream
  /// can. CPUs and instruction sets are those of the machine that it is projected onto.
  func requireSimulable() throws {
    guard threads <= Self.mostSimulatedCores else {
      throw PointSkipped("has \(threads) threads, and a stream of at most \(Self.mostSimulatedCores) can be simulated")
    }
    if let shortage = simulated.memoryShortage() { throw PointSkipped(shortage) }
  }
}
