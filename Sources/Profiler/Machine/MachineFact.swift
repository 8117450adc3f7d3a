/// One property of the machine: a value, or the reason why there is none.
public struct MachineFact: Codable, Equatable, Sendable {
  public var name: String
  public var value: String?
  /// Why there is no value; nil where there is one.
  public var reason: String?

  public init(name: String, value: String?, reason: String? = nil) {
    self.name = name
    self.value = value
    self.reason = value == nil ? reason ?? "not known" : nil
  }

  private enum CodingKeys: CodingKey {
    case name, value, reason
  }

  /// Writes null where a value is missing, so that every fact has the same keys.
  public func encode(to encoder: Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(value, forKey: .value)
    try container.encode(reason, forKey: .reason)
  }
}
