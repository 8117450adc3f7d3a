/// A pass of look-ups, as far as it is known before a strategy is chosen.
public struct LookupTask: Hashable, Sendable {
  public var shape: LookupFFNShape
  public var tableType: TableType
  public var hashType: HashType
  public var isa: ISA
  public var team: WorkPartition
  /// Tokens of the batch, all workers together.
  public var tokens: Int

  public init(
    shape: LookupFFNShape, tableType: TableType, hashType: HashType = .fp32, isa: ISA, team: WorkPartition,
    tokens: Int
  ) {
    self.shape = shape
    self.tableType = tableType
    self.hashType = hashType
    self.isa = isa
    self.team = team
    self.tokens = tokens
  }
}
