/// What this machine can measure: one item per capability.
public struct Diagnosis: Codable, Equatable, Sendable {
  public var items: [Item]

  public struct Item: Codable, Equatable, Sendable {
    public enum Status: String, Codable, Sendable {
      /// Works in full.
      case ok
      /// Works, with a loss that `reason` names.
      case degraded
      /// Does not work here.
      case unavailable
    }

    public var name: String
    public var status: Status
    /// What was found.
    public var reason: String
    /// What the user can do; nil where there is nothing to do.
    public var fix: String?

    public init(_ name: String, _ status: Status, _ reason: String, fix: String? = nil) {
      self.name = name
      self.status = status
      self.reason = reason
      self.fix = fix
    }

    private enum CodingKeys: CodingKey {
      case name, status, reason, fix
    }

    /// Writes null where a value is missing, so that every item has the same keys.
    public func encode(to encoder: Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(name, forKey: .name)
      try container.encode(status, forKey: .status)
      try container.encode(reason, forKey: .reason)
      try container.encode(fix, forKey: .fix)
    }
  }

  public init(items: [Item]) {
    self.items = items
  }
}
