/// Where one phase's time goes on a machine.
public struct PhaseTime: Equatable, Encodable, Sendable {
  public var name: String
  /// Time of the phase, all threads working at once.
  public var seconds: Double
  public var limiter: Limiter
  /// What each cause alone would take. They overlap or add up by the machine's kind; `memory` and `link` are bounds.
  public var causes: [Limiter: Double]
  /// Traffic at the memory, reads and writes together.
  public var memoryGigabytesPerSecond: Double
  /// Load-to-use latency of the memory under that traffic.
  public var loadedLatencyNanoseconds: Double

  enum CodingKeys: String, CodingKey {
    case name, seconds, limiter, causes
    case memoryGigabytesPerSecond = "memory_gbps"
    case loadedLatencyNanoseconds = "loaded_latency_ns"
  }

  public func encode(to encoder: Encoder) throws {
    var object = encoder.container(keyedBy: CodingKeys.self)
    try object.encode(name, forKey: .name)
    try object.encode(seconds, forKey: .seconds)
    try object.encode(limiter, forKey: .limiter)
    // A dictionary with enumeration keys would become a list.
    try object.encode(Dictionary(uniqueKeysWithValues: causes.map { ($0.rawValue, $1) }), forKey: .causes)
    try object.encode(memoryGigabytesPerSecond, forKey: .memoryGigabytesPerSecond)
    try object.encode(loadedLatencyNanoseconds, forKey: .loadedLatencyNanoseconds)
  }
}
