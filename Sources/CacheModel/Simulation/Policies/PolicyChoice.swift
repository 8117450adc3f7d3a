import Machines

/// The list of replacement policies: the name of each in machine files, and the type that implements it.
///
/// A new policy is a file of its own, a case here with its two lines, and its name in `ReplacementKind`.
enum PolicyChoice: CaseIterable {
  // LRU is implemented twice. The faster implementation comes first and is used where it supports the number of ways.
  case packedLRU, lru, fifo, plru, srrip, random

  /// The name in machine files.
  var kind: ReplacementKind {
    switch self {
    case .packedLRU, .lru: .lru
    case .fifo: .fifo
    case .plru: .plru
    case .srrip: .srrip
    case .random: .random
    }
  }

  /// The result of `visitor` for the type that implements the policy. This is the only place that knows all types. It
  /// is compiled into every caller, so that the policy's own code is inlined behind the switch.
  @inline(__always)
  func visit<Visitor: PolicyVisitor>(_ visitor: Visitor) -> Visitor.Result {
    switch self {
    case .packedLRU: visitor.visit(PackedLRUPolicy.self)
    case .lru: visitor.visit(LRUPolicy.self)
    case .fifo: visitor.visit(FIFOPolicy.self)
    case .plru: visitor.visit(PseudoLRUPolicy.self)
    case .srrip: visitor.visit(SRRIPPolicy.self)
    case .random: visitor.visit(RandomPolicy.self)
    }
  }

  /// The first choice of the cache's kind that supports its number of ways.
  init(_ cache: CacheDescription) {
    let choice = PolicyChoice.allCases.first { $0.kind == cache.policy && cache.ways <= $0.visit(MostWays()) }
    guard let choice else { preconditionFailure("no \(cache.policy) of \(cache.ways) ways") }
    self = choice
  }

  func stateBytes(ways: Int) -> Int { visit(StateBytes(ways: ways)) }

  /// See `ReplacementPolicy.repeatedUseChangesNothing`.
  var repeatedUseChangesNothing: Bool { visit(RepeatedUse()) }
}

/// An operation on the type of whichever policy a choice names.
protocol PolicyVisitor {
  associatedtype Result
  func visit<Policy: ReplacementPolicy>(_: Policy.Type) -> Result
}

private struct MostWays: PolicyVisitor {
  func visit<Policy: ReplacementPolicy>(_: Policy.Type) -> Int { Policy.mostWays }
}

private struct StateBytes: PolicyVisitor {
  let ways: Int
  func visit<Policy: ReplacementPolicy>(_: Policy.Type) -> Int { Policy.stateBytes(ways: ways) }
}

private struct RepeatedUse: PolicyVisitor {
  func visit<Policy: ReplacementPolicy>(_: Policy.Type) -> Bool { Policy.repeatedUseChangesNothing }
}
