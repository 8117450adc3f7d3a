import Testing

@testable import AccessStreams
@testable import Machines
@testable import Simulation

/// The simulator plays levels in turn where it can; the reference plays every access through all levels first.
@Suite struct LevelwiseHierarchyTests {
  /// Accesses of all kinds by several cores: runs of up to 20 lines, repeated words, hot lines and cold ones.
  private func stream(count: Int, cores: UInt64, seed: UInt64) -> [Access] {
    var x = seed
    func next(_ bound: UInt64) -> UInt64 {
      x = x &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (x >> 33) % bound
    }
    let kinds: [Access.Kind] = [.read, .read, .read, .write, .write, .gather, .nontemporalWrite]
    var accesses: [Access] = []
    while accesses.count < count {
      let span: UInt64 = next(3) == 0 ? 1 << 20 : 1 << 13
      var access = Access(
        address: next(span), bytes: UInt32(next(4) == 0 ? 1 + next(1280) : 8), core: UInt16(next(cores)),
        kind: kinds[Int(next(UInt64(kinds.count)))])
      // Word after word of one line, with reads and writes mixed, as kernels do.
      for _ in 0...next(4) {
        accesses.append(access)
        access.address += next(3) * 8
        if next(4) == 0 { access.kind = next(2) == 0 ? .read : .write }
      }
    }
    return accesses
  }

  @Test(arguments: ReplacementKind.allCases, [StoreRecency.use, .ignored])
  func `levels that take turns count what accesses one by one count`(
    policy: ReplacementKind, recency: StoreRecency
  ) throws {
    for (cores, shared) in [(1, 1), (1, 4), (5, 2)] {
      let caches = [
        cache("L1", sets: 8, ways: 4, policy: policy), cache("L2", sets: 24, ways: 8, sharedBy: shared, policy: policy),
        cache("L3", sets: 128, ways: 16, sharedBy: 2 * shared, policy: policy),
      ]
      let inTurn = try CacheSimulator(caches: caches, cores: cores, storeRecency: recency, levelwise: true)
      let oneByOne = try CacheSimulator(caches: caches, cores: cores, storeRecency: recency, levelwise: false)
      let accesses = stream(count: 40_000, cores: UInt64(cores), seed: 17)
      // Chunks of all sizes, and phases between them: no request may be left in a queue when a chunk ends.
      var start = 0
      var size = 1
      while start < accesses.count {
        let chunk = Array(accesses[start..<min(start + size, accesses.count)])
        for simulator in [inTurn, oneByOne] {
          simulator.enter(phase: size % 3)
          simulator.play(chunk)
        }
        start += size
        size = size * 5 % 4093
      }
      #expect(inTurn.phaseCounts == oneByOne.phaseCounts, "\(cores) cores")
      #expect(inTurn.totalCounts.memory.reads > 1000)
      #expect(inTurn.totalCounts.gatherSources.allSatisfy { $0 > 0 })
    }
  }

  @Test func `one access of many blocks of lines is one run`() throws {
    let caches = [cache("L1", sets: 8, ways: 4), cache("L2", sets: 64, ways: 16)]
    let accesses = [
      Access(address: 32, bytes: 64 * 5000, kind: .gather), Access(address: 0, bytes: 64 * 3000, kind: .write),
    ]
    let inTurn = try CacheSimulator(caches: caches)
    inTurn.play(accesses)
    let oneByOne = try CacheSimulator(caches: caches, cores: 1, storeRecency: .use, levelwise: false)
    oneByOne.play(accesses)
    #expect(inTurn.totalCounts == oneByOne.totalCounts)
    #expect(inTurn.totalCounts.accesses == 8001)
    #expect(inTurn.totalCounts.gatherSources == [0, 0, 1])
  }
}
