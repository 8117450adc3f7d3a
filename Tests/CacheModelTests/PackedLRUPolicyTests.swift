import Testing

@testable import Simulation

/// LRU is implemented twice, once for speed; the plain implementation is the reference.
@Suite struct PackedLRUPolicyTests {
  private struct Bench {
    let set: CacheSet

    init(ways: Int, stateBytes: Int) {
      let entries = UnsafeMutablePointer<CacheEntry>.allocate(capacity: ways)
      entries.initialize(repeating: .empty, count: ways)
      let state = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, stateBytes))
      state.initialize(repeating: 0, count: max(1, stateBytes))
      set = CacheSet(entries: entries, state: state, ways: ways, policy: .packedLRU)
    }

    func deallocate() {
      set.entries.deallocate()
      set.state.deallocate()
    }

    /// Uses `line`, or inserts it; returns the line displaced, 0 if none.
    func access<Policy: ReplacementPolicy>(_ line: UInt64, _: Policy.Type) -> UInt64 {
      if let way = Policy.find(line, in: set) {
        _ = Policy.use(set, way: way)
        return 0
      }
      return Policy.insert(CacheEntry(line: line, isDirty: line % 3 == 0), into: set).line
    }

    /// Removes `line`; returns whether it was there.
    func remove<Policy: ReplacementPolicy>(_ line: UInt64, _: Policy.Type) -> Bool {
      guard let way = Policy.find(line, in: set) else { return false }
      Policy.remove(set, way: way)
      return true
    }
  }

  @Test(arguments: [1, 2, 3, 7, 8, 9, 11, 12, 15, 16])
  func `the packed order displaces and keeps the same lines as the plain one`(ways: Int) {
    let plain = Bench(ways: ways, stateBytes: LRUPolicy.stateBytes(ways: ways))
    let packed = Bench(ways: ways, stateBytes: PackedLRUPolicy.stateBytes(ways: ways))
    defer {
      plain.deallocate()
      packed.deallocate()
    }
    var random: UInt64 = 7
    for step in 0..<20_000 {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      // 1.5 times as many lines as ways, so that hits, misses and removals are all frequent.
      let line = 1 + (random >> 33) % UInt64(ways * 3 / 2 + 1)
      if random >> 24 & 7 == 0 {
        #expect(plain.remove(line, LRUPolicy.self) == packed.remove(line, PackedLRUPolicy.self), "step \(step)")
      } else {
        #expect(plain.access(line, LRUPolicy.self) == packed.access(line, PackedLRUPolicy.self), "step \(step)")
      }
    }
  }
}
