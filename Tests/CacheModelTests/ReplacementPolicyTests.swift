import AccessStreams
import Testing

@testable import Machines
@testable import Simulation

/// Sequences worked out by hand on one set, each of which checks which line was displaced.
@Suite struct ReplacementPolicyTests {
  private func misses(_ policy: ReplacementKind, ways: Int, after warmUp: [UInt64], on lines: UInt64...) throws
    -> [Bool]
  {
    try lines.map { line in
      let simulator = try CacheSimulator(caches: [cache(sets: 1, ways: ways, policy: policy)])
      simulator.play(.read, lines: warmUp)
      simulator.resetCounts()
      simulator.play(.read, line)
      return simulator.counts(0).misses == 1
    }
  }

  @Test func `LRU displaces the line used longest ago`() throws {
    #expect(try misses(.lru, ways: 3, after: [1, 2, 3, 1, 4], on: 1, 2, 3, 4) == [false, true, false, false])
  }

  @Test func `a store is a use to LRU`() throws {
    let simulator = try CacheSimulator(caches: [cache(sets: 1, ways: 2)])
    simulator.play(.read, 1, 2)
    simulator.play(.write, 1)
    simulator.play(.read, 3, 1)
    #expect(simulator.counts(0).misses == 3, "2 went, not 1")
  }

  @Test func `FIFO displaces the line that came first, however recently used`() throws {
    #expect(try misses(.fifo, ways: 3, after: [1, 2, 3, 1, 4], on: 1, 2, 3, 4) == [true, false, false, false])
  }

  /// Ways 0-3 hold 1-4. After 4 the root points left and the left node at way 0; the use of 1 turns both away from
  /// it: root right, left node to way 1. The right node still points to way 2 (4 in way 3 was its last use), so 3 is
  /// displaced.
  @Test func `tree-PLRU displaces the line that the tree points to`() throws {
    #expect(
      try misses(.plru, ways: 4, after: [1, 2, 3, 4, 1, 5], on: 1, 2, 3, 4, 5) == [false, false, true, false, false])
  }

  /// The last use, of 4, turns the root to the left, whose node points away from 1, used after 2: 2 is displaced, as
  /// with LRU.
  @Test func `tree-PLRU agrees with LRU where the tree remembers enough`() throws {
    #expect(
      try misses(.plru, ways: 4, after: [1, 2, 3, 4, 1, 3, 4, 5], on: 1, 2, 3, 4) == [false, true, false, false])
  }

  /// Three ways in a tree of four leaves: the missing fourth is never chosen.
  @Test func `tree-PLRU works with a number of ways that is not a power of two`() throws {
    let simulator = try CacheSimulator(caches: [cache(sets: 1, ways: 3, policy: .plru)])
    for round in 0..<50 as Range<UInt64> { simulator.play(.read, round % 5) }
    simulator.play(.read, 10, 11, 12)
    simulator.resetCounts()
    simulator.play(.read, 12)
    #expect(simulator.counts(0).hits == 1)
  }

  /// 1 is used again (interval 0), 2 and 3 wait at 2. 4 ages all until the first is at 3, in way 1: line 2 is
  /// displaced, then 3.
  @Test func `SRRIP keeps the line that proved useful through a scan`() throws {
    #expect(try misses(.srrip, ways: 3, after: [1, 1, 2, 3, 4], on: 1, 2, 3, 4) == [false, true, false, false])
    // A second new line finds 1 at interval 1 and 3 at 3: 3 is displaced. LRU would have displaced 1.
    #expect(try misses(.srrip, ways: 3, after: [1, 1, 2, 3, 4, 5], on: 1) == [false])
    #expect(try misses(.lru, ways: 3, after: [1, 1, 2, 3, 4, 5], on: 1) == [true])
  }

  @Test func `random replacement displaces every line of a set about as often, used or not`() throws {
    var displaced = [0, 0, 0, 0]
    for line in 100..<500 as Range<UInt64> {
      let gone = try misses(.random, ways: 4, after: [1, 2, 3, 4, 1, 1, line], on: 1, 2, 3, 4)
      #expect(gone.count { $0 } == 1)
      for (index, isGone) in gone.enumerated() where isGone { displaced[index] += 1 }
    }
    // A hundred each in the mean, with a standard deviation of 9.
    #expect(displaced.allSatisfy { (64...136).contains($0) }, "\(displaced)")
  }

  @Test func `an emptied way is filled before any line is displaced`() throws {
    for policy in ReplacementKind.allCases {
      let simulator = try CacheSimulator(caches: [cache(sets: 1, ways: 3, policy: policy)])
      simulator.play(.read, 1, 2, 3)
      simulator.play(.nontemporalWrite, 2)
      simulator.play(.read, 4)
      #expect(simulator.counts(0).evictions == 0, "\(policy)")
      simulator.resetCounts()
      simulator.play(.read, 1, 3, 4)
      #expect(simulator.counts(0).hits == 3, "\(policy)")
    }
  }
}
