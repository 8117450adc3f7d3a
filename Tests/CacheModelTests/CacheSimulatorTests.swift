import Support
import Testing

@testable import AccessStreams
@testable import Machines
@testable import Simulation

@Suite struct CacheSimulatorTests {
  // MARK: - Write-back, write-allocate

  @Test func `a load misses once, then hits`() throws {
    let simulator = try CacheSimulator(caches: [cache(sets: 4, ways: 2)])
    simulator.play(.read, 1, 1)
    #expect(simulator.counts(0).hits == 1 && simulator.counts(0).misses == 1)
    #expect(simulator.totalCounts.memory == MemoryCounts(reads: 1, writes: 0))
  }

  @Test func `a request that spans lines counts once per line`() throws {
    let simulator = try CacheSimulator(caches: [cache(sets: 4, ways: 2)])
    simulator.play([Access(address: 60, bytes: 72, kind: .read), Access(address: 63, bytes: 2, kind: .write)])
    #expect(simulator.counts(0).reads == 3)
    #expect(simulator.counts(0).writes == 2)
    #expect(simulator.totalCounts.accesses == 5)
  }

  @Test func `a store that misses reads its line from the next level, and is written back on eviction`() throws {
    let simulator = try CacheSimulator(caches: [cache(sets: 1, ways: 1), cache("L2", sets: 1, ways: 4)])
    simulator.play(.write, 1)
    #expect(simulator.counts(0).writes == 1 && simulator.counts(0).reads == 0 && simulator.counts(0).misses == 1)
    #expect(simulator.counts(1).reads == 1 && simulator.counts(1).writes == 0)
    simulator.play(.read, 2)
    #expect(simulator.counts(0).evictions == 1 && simulator.counts(0).writebacks == 1)
    #expect(simulator.counts(1).writes == 1 && simulator.counts(1).hits == 1)
    #expect(simulator.totalCounts.memory == MemoryCounts(reads: 2, writes: 0))
  }

  @Test func `a clean line is evicted without a write-back`() throws {
    let simulator = try CacheSimulator(caches: [cache(sets: 1, ways: 1)])
    simulator.play(.read, 1, 2)
    #expect(simulator.counts(0).evictions == 1 && simulator.counts(0).writebacks == 0)
  }

  @Test func `hits and misses add up to reads and writes at every level`() throws {
    let simulator = try CacheSimulator(caches: [cache(sets: 3, ways: 2), cache("L2", sets: 5, ways: 3)])
    for step in 0..<1000 as Range<UInt64> { simulator.play(step % 3 == 0 ? .write : .read, step * step % 37) }
    for level in 0...1 {
      let counts = simulator.counts(level)
      #expect(counts.hits + counts.misses == counts.reads + counts.writes)
    }
    #expect(simulator.counts(1).reads == simulator.counts(0).misses)
    #expect(simulator.counts(1).writes == simulator.counts(0).writebacks)
  }

  // MARK: - Non-temporal stores

  @Test func `a non-temporal store goes past the caches and reads nothing`() throws {
    let simulator = try CacheSimulator(caches: [cache(sets: 4, ways: 2)])
    simulator.play(.nontemporalWrite, 1, 2)
    #expect(simulator.totalCounts.memory == MemoryCounts(reads: 0, writes: 2))
    #expect(simulator.counts(0) == LevelCounts())
    #expect(simulator.totalCounts.accesses == 2)
  }

  @Test func `adjacent non-temporal stores to one line are one write`() throws {
    let simulator = try CacheSimulator(caches: [cache(sets: 4, ways: 2)])
    simulator.play((0..<8).map { Access(address: $0 * 16, bytes: 16, kind: .nontemporalWrite) })
    #expect(simulator.totalCounts.memory.writes == 2)
  }

  @Test func `a non-temporal store drops the cached copy`() throws {
    let simulator = try CacheSimulator(caches: [cache(sets: 1, ways: 2)])
    simulator.play(.write, 1)
    simulator.play(.nontemporalWrite, 1)
    simulator.play(.read, 1)
    #expect(simulator.counts(0).misses == 2)
    #expect(simulator.counts(0).writebacks == 0)
    #expect(simulator.totalCounts.memory == MemoryCounts(reads: 2, writes: 1))
  }

  // MARK: - Inclusion

  @Test func `an inclusive level that evicts a line invalidates it in the level above`() throws {
    let levels = [cache(sets: 1, ways: 2), cache("L2", sets: 1, ways: 2, inclusion: .inclusive)]
    let simulator = try CacheSimulator(caches: levels)
    // L2 does not see the hits on 1, so line 1 is the oldest in L2 when 3 comes in.
    simulator.play(.read, 1, 2, 1, 3)
    #expect(simulator.counts(0).backInvalidations == 1)
    simulator.play(.read, 1)
    #expect(simulator.counts(0).misses == 4, "line 1 was taken from L1, so reading it again is a miss")
  }

  @Test func `without inclusion the level above keeps the line`() throws {
    let simulator = try CacheSimulator(caches: [cache(sets: 1, ways: 2), cache("L2", sets: 1, ways: 2)])
    simulator.play(.read, 1, 2, 1, 3, 1)
    #expect(simulator.counts(0).misses == 3)
    #expect(simulator.counts(0).backInvalidations == 0)
  }

  @Test func `a dirty copy above an inclusive level is written back with the line`() throws {
    let levels = [cache(sets: 1, ways: 2), cache("L2", sets: 1, ways: 2, inclusion: .inclusive)]
    let simulator = try CacheSimulator(caches: levels)
    simulator.play(.write, 1)
    simulator.play(.read, 2, 3)
    #expect(simulator.counts(0).writebacks == 1)
    #expect(simulator.totalCounts.memory.writes == 1)
  }

  @Test func `an inclusive level back-invalidates every core that shares it`() throws {
    let levels = [cache(sets: 1, ways: 4), cache("L2", sets: 1, ways: 2, sharedBy: 2, inclusion: .inclusive)]
    let simulator = try CacheSimulator(caches: levels, cores: 2)
    simulator.play(.read, 1, core: 0)
    simulator.play(.read, 1, core: 1)
    simulator.play(.read, 2, 3, core: 0)
    #expect(simulator.counts(0).backInvalidations == 2)
  }

  @Test func `a victim level is filled by evictions only, and a hit moves the line up`() throws {
    let simulator = try CacheSimulator(
      caches: [cache(sets: 1, ways: 1), cache("L2", sets: 1, ways: 2, inclusion: .victim)])
    simulator.play(.read, 1)
    #expect(simulator.counts(1).writes == 0, "the miss fills L1 only")
    simulator.play(.read, 2)
    #expect(simulator.counts(1).writes == 1 && simulator.counts(1).victimFills == 1, "2 pushes the clean 1 down")
    simulator.play(.read, 1)
    #expect(simulator.counts(1).hits == 1, "1 comes back up and 2 goes down")
    simulator.play(.read, 3)
    // If the hit had left its copy behind, 1 would now be in L2 twice and 2 gone.
    simulator.play(.read, 2)
    #expect(simulator.counts(1).hits == 2)
    #expect(simulator.totalCounts.memory.reads == 3)
  }

  @Test func `a level and its victim level hold as many lines as both together`() throws {
    let simulator = try CacheSimulator(
      caches: [cache(sets: 1, ways: 2), cache("L2", sets: 1, ways: 3, inclusion: .victim)])
    for _ in 0..<4 { simulator.play(.read, 1, 2, 3, 4, 5) }
    #expect(simulator.totalCounts.memory.reads == 5, "five lines fit into 2 + 3 ways, so only the first round misses")
  }

  @Test func `dirtiness travels through a victim level and is written back once`() throws {
    let simulator = try CacheSimulator(
      caches: [cache(sets: 1, ways: 1), cache("L2", sets: 1, ways: 1, inclusion: .victim)])
    simulator.play(.write, 1)
    simulator.play(.read, 2, 1, 3, 4)
    // Line 1 goes down dirty, comes up dirty, goes down again and leaves.
    #expect(simulator.counts(0).writebacks == 2)
    #expect(simulator.totalCounts.memory.writes == 1)
  }

  // MARK: - Several cores

  @Test func `cores of one cluster share a level, others do not`() throws {
    let levels = [cache(sets: 1, ways: 1), cache("L2", sets: 4, ways: 4, sharedBy: 2)]
    let simulator = try CacheSimulator(caches: levels, cores: 4)
    simulator.play(.read, 7, core: 0)
    simulator.play(.read, 7, core: 1)
    simulator.play(.read, 7, core: 2)
    #expect(simulator.counts(0).misses == 3, "each core has its own first level")
    #expect(simulator.counts(1).hits == 1 && simulator.counts(1).misses == 2)
  }

  @Test func `a shared victim level serves a line that a sibling holds`() throws {
    let levels = [cache(sets: 1, ways: 4), cache("L2", sets: 1, ways: 4, sharedBy: 2, inclusion: .victim)]
    let simulator = try CacheSimulator(caches: levels, cores: 4)
    simulator.play(.read, 7, core: 0)
    simulator.play(.read, 7, core: 1)
    #expect(simulator.counts(1).hits == 1)
    simulator.play(.read, 7, core: 2)
    #expect(simulator.totalCounts.memory.reads == 2, "core 2 is in another cluster")
  }

  // MARK: - Phases

  @Test func `phases are counted apart and share the caches' contents`() throws {
    let simulator = try CacheSimulator(caches: [cache(sets: 4, ways: 2)])
    simulator.enter(phase: 1)
    simulator.play(.read, 1)
    simulator.enter(phase: 0)
    simulator.play(.read, 1, 1)
    #expect(simulator.phaseCounts.map { $0.levels[0].hits } == [2, 0])
    #expect(simulator.phaseCounts.map { $0.levels[0].misses } == [0, 1])
  }

  @Test func `resetting counts keeps the contents, so a warm-up works`() throws {
    let simulator = try CacheSimulator(caches: [cache(sets: 4, ways: 2)])
    simulator.play(.read, 1, 2)
    simulator.resetCounts()
    simulator.play(.read, 1, 2)
    #expect(simulator.counts(0).hits == 2 && simulator.counts(0).misses == 0)
  }

  @Test func `the first line of a gather is counted where it was found`() throws {
    let simulator = try CacheSimulator(caches: [cache(sets: 1, ways: 2), cache("L2", sets: 4, ways: 4)])
    let row = Access(address: 0, bytes: 256, kind: .gather)
    simulator.play([row, row])
    // The row's four lines pass through the two ways of L1, so the second time they come from L2.
    #expect(simulator.totalCounts.gatherSources == [0, 1, 1])
    simulator.play(.gather, 3)
    #expect(simulator.totalCounts.gatherSources == [1, 1, 1])
    #expect(simulator.counts(0).reads == 9)
  }

  @Test func `more threads than the machine has cores is an error`() {
    let machine = Machine(name: "small", cores: 2, caches: [cache(sets: 4, ways: 2)])
    #expect(
      message { _ = try CacheSimulator(machine: machine, cores: 3) }
        == "threads: expected at most the 2 cores of small, found 3 threads")
  }
}
