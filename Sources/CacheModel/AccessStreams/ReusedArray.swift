/// Lines and bytes of one array that a phase works on, over all its threads.
public struct ReusedArray: Sendable {
  /// Bytes moved where the array is in no cache.
  public var bytes: Double
  /// Bytes that other accesses and its own go through before one of its lines is used again.
  public var reuseBytes: Double
  /// Part of the reuse distance that all threads have in common, so that a shared cache holds it once.
  public var commonBytes: Double
  public var isWritten: Bool
  /// Whether lines come back in the order in which they went: a cache that does not hold all of them then holds none in
  /// time (LRU), where one that is read in random order holds its share.
  public var isCyclic: Bool
  /// First lines of pieces that are read in an order chosen by data; 0 for a stream.
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
