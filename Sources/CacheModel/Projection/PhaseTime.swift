/// The time of one phase on a machine, and its causes.
public struct PhaseTime: Equatable, Encodable, Sendable {
  public var name: String
  /// Time of the phase with all threads working at once.
  public var seconds: Double
  public var limiter: Limiter
  /// Seconds that each cause alone would take. Whether they overlap or add up depends on the machine; `memory` and
  /// `link` are bounds.
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
