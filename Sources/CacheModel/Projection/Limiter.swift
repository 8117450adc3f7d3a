/// The resource that a phase waits for: more of it would make the phase faster.
public enum Limiter: String, CaseIterable, Encodable, Sendable {
  /// The vector units.
  case compute
  /// Bandwidth between registers and the first-level cache.
  case l1 = "L1"
  /// Bandwidth between the first level and the second.
  case l2 = "L2"
  /// Bandwidth between the second level and the third, or any further one.
  case l3 = "L3"
  /// Waiting for lines with too few of them in flight: more bandwidth would not help.
  case latency
  /// Bandwidth of the memory.
  case memory
  /// Bandwidth of the link to other NUMA nodes.
  case link

  /// The limiter that stands for the bandwidth of cache level `level`, 0 being the first.
  static func cache(_ level: Int) -> Limiter {
    switch level {
    case 0: .l1
    case 1: .l2
    default: .l3
    }
  }
}
