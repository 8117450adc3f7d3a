import Testing

@testable import AccessStreams
@testable import Profiles
@testable import Simulation

@Suite struct ReuseProfileTests {
  /// Misses of an LRU cache of `ways` lines in one set, by the exact simulator.
  private func simulatedMisses(_ lines: [UInt64], capacity: Int) throws -> UInt64 {
    let simulator = try CacheSimulator(caches: [cache(sets: 1, ways: capacity)])
    simulator.play(.read, lines: lines)
    return simulator.counts(0).misses
  }

  @Test func `a stack distance is the number of other lines since the last access`() {
    let stack = StackDistances()
    let distances = [1, 2, 3, 2, 2, 1, 4, 3].map { stack.access($0, isStore: false).sinceAccess }
    #expect(distances == [nil, nil, nil, 1, 0, 2, nil, 3])
  }

  @Test func `a forgotten line counts in no distance and comes back as new`() {
    let stack = StackDistances()
    for line in [1, 2, 3] as [UInt64] { _ = stack.access(line, isStore: false) }
    stack.forget(2)
    #expect(stack.access(1, isStore: false).sinceAccess == 1)
    #expect(stack.access(2, isStore: false).sinceAccess == nil)
    #expect(stack.lineCount == 3)
  }

  /// More accesses than the tree has times at first, so that times are renumbered, and more lines than the table has
  /// places at first.
  @Test func `distances stay right when times run out`() {
    let stack = StackDistances()
    for line in 0..<10_000 as Range<UInt64> { _ = stack.access(line, isStore: false) }
    for line in 0..<10_000 as Range<UInt64> { #expect(stack.access(line, isStore: false).sinceAccess == 9_999) }
    for line in (0..<10_000 as Range<UInt64>).reversed() {
      #expect(stack.access(line, isStore: false).sinceAccess == 9_999 - Int(line))
    }
  }

  @Test(arguments: AccessPattern.allCases)
  func `the curve equals the simulation at every capacity`(pattern: AccessPattern) throws {
    let lines = pattern.lines(count: 4000, span: 97)
    let profiler = try ReuseProfiler()
    profiler.play(lines)
    let profile = profiler.profile
    for capacity in 1...100 {
      let misses = try simulatedMisses(lines, capacity: capacity)
      #expect(profile.accesses.misses(lines: capacity) == Double(misses), "\(capacity) lines")
      #expect(profile.curve.missRatio(lines: capacity) == Double(misses) / 4000, "\(capacity) lines")
    }
  }

  @Test(arguments: AccessPattern.allCases)
  func `write-backs equal the simulation at every capacity, except of lines that stay`(pattern: AccessPattern) throws {
    let lines = pattern.lines(count: 3000, span: 61)
    let accesses = lines.enumerated().map {
      Access(address: $1 * 64, bytes: 64, kind: $0 % 5 < 2 ? .write : .read)
    }
    let profiler = try ReuseProfiler()
    accesses.withUnsafeBufferPointer { profiler.consume($0) }
    for capacity in 1...64 {
      let simulator = try CacheSimulator(caches: [cache(sets: 1, ways: capacity)])
      simulator.play(accesses)
      let written = simulator.counts(0).writebacks
      // Evicts all remaining lines, so that every dirty line is written back.
      simulator.play(.read, lines: (0..<UInt64(capacity)).map { 1_000_000 + $0 })
      #expect(
        profiler.profile.phases[0].stores.misses(lines: capacity) == Double(simulator.counts(0).writebacks),
        "\(capacity) lines, \(written) before the end")
    }
  }

  @Test func `a request that spans lines counts once per line`() throws {
    let profiler = try ReuseProfiler()
    [Access(address: 60, bytes: 72, kind: .read)].withUnsafeBufferPointer { profiler.consume($0) }
    #expect(profiler.profile.lineAccesses == 3)
    #expect(profiler.profile.accesses.cold == 3)
  }

  @Test func `larger lines see the neighbours as hits`() throws {
    let profiler = try ReuseProfiler(lineBytes: 256)
    profiler.play([0, 1, 2, 3, 4])
    #expect(profiler.profile.accesses.cold == 2)
    #expect(profiler.profile.accesses.bins == [DistanceHistogram.Bin(distance: 0, count: 3)])
  }

  @Test func `phases are counted apart and distances reach back over them`() throws {
    let profiler = try ReuseProfiler()
    profiler.play([1, 2])
    profiler.enter(phase: 1)
    profiler.play([1])
    #expect(profiler.profile.phases.map(\.accesses.cold) == [2, 0])
    #expect(profiler.profile.phases[1].accesses.bins == [DistanceHistogram.Bin(distance: 1, count: 1)])
  }

  @Test func `the first line of a gather has a histogram of its own`() throws {
    let profiler = try ReuseProfiler()
    let row = Access(address: 0, bytes: 256, kind: .gather)
    [row, row].withUnsafeBufferPointer { profiler.consume($0) }
    #expect(profiler.profile.phases[0].gathers.cold == 1)
    #expect(profiler.profile.phases[0].gathers.bins == [DistanceHistogram.Bin(distance: 3, count: 1)])
  }

  // MARK: - The curve

  @Test func `a curve without accesses is empty`() throws {
    #expect(try ReuseProfiler().profile.curve.points.isEmpty)
    #expect(try ReuseProfiler().profile.curve.thinned().isEmpty)
  }

  @Test(arguments: AccessPattern.allCases)
  func `a thinned curve has every power of two and the exact ratios`(pattern: AccessPattern) throws {
    let profiler = try ReuseProfiler()
    profiler.play(pattern.lines(count: 20_000, span: 3000))
    let curve = profiler.profile.curve
    let thinned = curve.thinned(perOctave: 8)
    #expect(Set(thinned.map(\.lines)).isSuperset(of: (0..<11).map { 1 << $0 }))
    #expect(thinned.count < 120)
    #expect(thinned.last == curve.points.last)
    for point in thinned { #expect(point.missRatio == curve.missRatio(lines: point.lines)) }
    for (point, next) in zip(thinned, thinned.dropFirst()) { #expect(point.missRatio >= next.missRatio) }
  }

  @Test func `coarse distances stay within their stated error`() throws {
    let profiler = try ReuseProfiler()
    profiler.play(AccessPattern.random.lines(count: 20_000, span: 5000))
    let exact = profiler.profile.accesses
    let coarse = exact.coarsened(perOctave: 16)
    #expect(coarse.total == exact.total)
    #expect(coarse.bins.count < 200 && exact.bins.count > 3000)
    for capacity in [10, 100, 1000, 4000] {
      let bounds = (
        exact.misses(lines: capacity + capacity / 32 + 1), exact.misses(lines: capacity - capacity / 32)
      )
      #expect((bounds.0...bounds.1).contains(coarse.misses(lines: capacity)), "\(capacity) lines")
    }
  }

  // MARK: - Several cores

  @Test func `cores that share a cache are profiled as one interleaved stream`() throws {
    let private1 = try ReuseProfiler(cores: 2, sharedBy: 1)
    let shared = try ReuseProfiler(cores: 2, sharedBy: 2)
    for profiler in [private1, shared] {
      for line in [1, 2, 3] as [UInt64] {
        profiler.play([line], core: 0)
        profiler.play([line], core: 1)
      }
    }
    #expect(private1.profile.accesses.cold == 6, "each core's own cache sees every line for the first time")
    #expect(shared.profile.accesses.cold == 3)
    #expect(shared.profile.accesses.misses(lines: 1) == 3, "the second core finds what the first has just fetched")
  }
}
