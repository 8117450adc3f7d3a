/// The replacement policy of a cache, by the name that machine files use.
public enum ReplacementKind: String, CaseIterable, Sendable, Encodable {
  case lru, fifo, plru, srrip, random

  /// The most ways that the policy can order; nil where any number will do.
  package var mostWays: Int? {
    switch self {
    // The simulator keeps the tree's nodes as the bits of one 64-bit word.
    case .plru: 64
    case .lru, .fifo, .srrip, .random: nil
    }
  }
}
