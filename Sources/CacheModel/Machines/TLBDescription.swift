/// One level of a core's data TLB.
public struct TLBDescription: Equatable, Sendable {
  public var name: String
  /// Translations held, of each page size that the level takes.
  public var entries: Int
  public var ways: Int
  /// Sizes of the pages whose translations the level takes.
  public var pageBytes: [Int]

  public init(name: String, entries: Int, ways: Int, pageBytes: [Int]) {
    self.name = name
    self.entries = entries
    self.ways = ways
    self.pageBytes = pageBytes
  }

  /// Whether a page can have the size `bytes`: a power of two from 4 KiB to 1 TiB.
  public static func isPageSize(_ bytes: Int) -> Bool {
    (4096...1 << 40).contains(bytes) && bytes.nonzeroBitCount == 1
  }
}
