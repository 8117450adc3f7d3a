/// One array that a phase works on: its bytes and reuse distances, over all threads of the phase.
public struct ReusedArray: Sendable {
  /// Bytes moved where the array is in no cache.
  public var bytes: Double
  /// Reuse distance in bytes: distinct bytes accessed, in this array and others, before one of its lines is used
  /// again.
  public var reuseBytes: Double
  /// Part of the reuse distance that all threads share, so that a shared cache holds it once.
  public var commonBytes: Double
  public var isWritten: Bool
  /// Whether lines come back in the order in which they were used. An LRU cache that does not hold all of such an
  /// array hits none of its lines, whereas it hits its share of an array that is read in random order.
  public var isCyclic: Bool
  /// Number of pieces that are read in an order chosen by data, each with one exposed first line; 0 for a stream.
  public var pieces: Double

  public init(
    bytes: Double, reuseBytes: Double, commonBytes: Double = 0, isWritten: Bool = false, isCyclic: Bool = true,
    pieces: Double = 0
  ) {
    self.bytes = bytes
    self.reuseBytes = reuseBytes
    self.commonBytes = commonBytes
    self.isWritten = isWritten
    self.isCyclic = isCyclic
    self.pieces = pieces
  }
}
