/// One level of a core's data TLB.
public struct TLBDescription: Equatable, Sendable, Encodable {
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

  enum CodingKeys: String, CodingKey {
    case name, entries, ways
    case pageBytes = "pages"
  }
}
