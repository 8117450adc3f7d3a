import CMicroBenchmarks
import Support
import TestSupport
import Testing

@testable import Profiler

/// These tests check that the loops do what they claim. Their speed depends on the machine and is never tested.
@Suite(.process, .machine) struct MicroBenchmarkTests {
  private let pool: PinnedPool

  init() throws {
    pool = try PinnedPool(cpus: [Topology.read().allowedCPUs[0]])
  }

  @Test(arguments: [1, 2, 3, 64, 1000]) func `a chase visits every line once before it returns`(lines: Int) throws {
    let memory = try PlacedMemory(bytes: lines * 64)
    microbench_link_lines(memory.base, lines, 42)
    var visited: Set<UnsafeMutableRawPointer> = []
    var position = memory.base
    for _ in 0..<lines {
      position = try #require(microbench_chase(position, 1))
      visited.insert(position)
    }
    #expect(visited.count == lines)
    #expect(position == memory.base)
    #expect(microbench_chase(memory.base, lines) == memory.base)
  }

  @Test(arguments: MicroBenchmarks.chainCounts + [3, 5]) func `chases side by side each go their own way`(
    chains: Int
  ) throws {
    let lines = 1000
    let memory = try PlacedMemory(bytes: lines * 64)
    microbench_link_lines(memory.base, lines, 7)
    let starts = MicroBenchmarks.evenlySpaced(chains, along: memory.base, lines: lines)
    #expect(Set(starts).count == chains)
    var positions = starts
    microbench_chase_together(&positions, chains, 123)
    #expect(positions == starts.map { microbench_chase($0, 123) })
    microbench_chase_together(&positions, chains, lines - 123)
    #expect(positions == starts)
  }

  @Test func `evenly spaced starts divide the cycle`() throws {
    let lines = 100
    let memory = try PlacedMemory(bytes: lines * 64)
    microbench_link_lines(memory.base, lines, 3)
    let starts = MicroBenchmarks.evenlySpaced(8, along: memory.base, lines: lines)
    // 100 links in eight parts of 12 or 13.
    for (start, next) in zip(starts, starts.dropFirst() + starts.prefix(1)) {
      #expect([12, 13].contains { microbench_chase(start, $0) == next })
    }
  }

  @Test(arguments: MicroBenchmarks.Traffic.allCases)
  func `traffic touches every line of its part once and nothing else`(
    traffic: MicroBenchmarks.Traffic
  ) throws {
    let step = Int(MICROBENCH_STEP)
    let memory = try PlacedMemory(bytes: 8 * step)
    let view = memory.bind(to: UInt8.self, count: 8 * step)
    func fill() { for index in 0..<(8 * step) { view[index] = UInt8(truncatingIfNeeded: index / 64 &+ 3) } }
    func changedLines() -> [Int] {
      (0..<8 * step / 64).filter { line in
        (0..<64).contains { view[line * 64 + $0] != UInt8(truncatingIfNeeded: line &+ 3) }
      }
    }
    // Covers steps 1 and 2, whose copies go four steps further on.
    fill()
    microbench_traffic(traffic.code, memory.base, 4 * step, step, 2 * step, 1)
    let perStep = step / 64
    switch traffic {
    case .reads: #expect(changedLines().isEmpty)
    case .copies: #expect(changedLines() == Array(5 * perStep..<7 * perStep))
    case .writes, .writesPastCaches: #expect(changedLines() == Array(perStep..<3 * perStep))
    }
    // The same lines between the loads of a chase: 16 links, with one line after each.
    let cycle = try PlacedMemory(bytes: 64 * 64)
    microbench_link_lines(cycle.base, 64, 5)
    fill()
    let end = microbench_chase_in_traffic(traffic.code, cycle.base, 16, memory.base, 4 * step, step, 1)
    #expect(end == microbench_chase(cycle.base, 16))
    switch traffic {
    case .reads: #expect(changedLines().isEmpty)
    case .copies: #expect(changedLines() == Array(5 * perStep..<7 * perStep))
    case .writes, .writesPastCaches: #expect(changedLines() == Array(perStep..<3 * perStep))
    }
  }

  @Test func `traffic's share of reads is that at the memory`() {
    #expect(MicroBenchmarks.Traffic.allCases.map(\.readRatio) == [1, 2.0 / 3, 0.5, 0])
  }

  @Test func `latency under load has a bandwidth for each of its samples`() throws {
    let cpus = Array(Topology.read().allowedCPUs.prefix(2))
    let pool = try PinnedPool(cpus: cpus)
    let memory = try BenchmarkMemory(bytesPerThread: 1 << 20, pool: pool)
    let chase = try #require(ChaseCycle.all(in: memory, bytes: 1 << 18, pool: pool).first)
    for traffic in MicroBenchmarks.Traffic.allCases {
      let loaded = try MicroBenchmarks.loadedLatency(
        traffic, loadingThreads: cpus.count - 1, pause: 100, pool: pool, memory: memory, chase: chase, repetitions: 3)
      #expect(loaded.latency.count == 3 && loaded.bandwidth.count == 3)
      #expect((loaded.latency + loaded.bandwidth).allSatisfy { $0 > 0 && $0.isFinite })
      // Its own traffic lies behind its chase.
      let chases = try ChaseCycle.all(in: memory, bytes: 1 << 18, pool: pool)
      let alone = try MicroBenchmarks.interleavedLatency(
        traffic, linesPerLoad: 4, pool: pool, memory: memory, chases: chases, repetitions: 2)
      #expect(alone.latency.count == 2 && alone.bandwidth.count == 2)
    }
  }

  @Test func `traffic continues where the last one stopped, so that no cache holds its lines`() throws {
    let memory = try BenchmarkMemory(bytesPerThread: 1 << 20, pool: pool)
    let chases = try ChaseCycle.all(in: memory, bytes: 1 << 18, pool: pool)
    let half = 1 << 18
    memory.trafficPosition = half
    _ = try MicroBenchmarks.interleavedLatency(
      .reads, linesPerLoad: 0, pool: pool, memory: memory, chases: chases, repetitions: 1)
    #expect(memory.trafficPosition == half, "nothing was read")
    let cpus = Array(Topology.read().allowedCPUs.prefix(2))
    guard cpus.count == 2 else { return }
    let two = try PinnedPool(cpus: cpus)
    let shared = try BenchmarkMemory(bytesPerThread: 1 << 20, pool: two)
    let chase = try #require(ChaseCycle.all(in: shared, bytes: 1 << 18, pool: two).first)
    shared.trafficPosition = half
    // With such pauses it moves a few chunks of 4 KiB meanwhile.
    _ = try MicroBenchmarks.loadedLatency(
      .reads, loadingThreads: 1, pause: 10_000, pool: two, memory: shared, chase: chase, repetitions: 1)
    #expect(shared.trafficPosition >= half)
  }

  @Test(arguments: [128, 256, 2048])
  func `a list of rows of a large table touches more than any last cache holds`(rowBytes: Int) {
    let rows = (8 << 30) / rowBytes
    let bytes = MicroBenchmarks.listedPasses(rows: rows, rowBytes: rowBytes) * 16_384 * rowBytes
    #expect(bytes >= 1152 << 20, "of EPYC 9684X")
  }

  @Test func `interleaved traffic never writes into the chase`() throws {
    let memory = try BenchmarkMemory(bytesPerThread: 1 << 19, pool: pool)
    let bytes = 1 << 18
    let chases = try ChaseCycle.all(in: memory, bytes: bytes, pool: pool)
    for traffic in MicroBenchmarks.Traffic.allCases {
      _ = try MicroBenchmarks.interleavedLatency(
        traffic, linesPerLoad: 64, pool: pool, memory: memory, chases: chases, repetitions: 2)
    }
    let base = memory.parts[0].base
    var visited: Set<UnsafeMutableRawPointer> = []
    var position = base
    for _ in 0..<bytes / 64 {
      position = try #require(microbench_chase(position, 1))
      visited.insert(position)
    }
    #expect(visited.count == bytes / 64 && position == base)
  }

  @Test func `a large working set is swept span by span to its end and from its beginning again`() throws {
    // 24 MiB in spans of 8 MiB: after enough writes each line is changed, and none behind them.
    let bytes = 24 << 20
    let memory = try BenchmarkMemory(bytesPerThread: bytes + 4096, pool: pool)
    let view = memory.parts[0].bind(to: UInt32.self, count: (bytes + 4096) / 4)
    let result = try MicroBenchmarks.bandwidth(
      .write, workingSetBytes: bytes, pool: pool, memory: memory, repetitions: 3)
    #expect(result.workingSetBytes == bytes)
    #expect(stride(from: 0, to: bytes / 4, by: 16).allSatisfy { view[$0] != 0 })
    #expect(view[bytes / 4] == 0)
  }

  @Test(arguments: VectorPath.available) func `a copy copies every byte, and a write writes every byte`(
    path: VectorPath
  ) throws {
    let bytes = 3 * Int(MICROBENCH_STEP)
    let memory = try PlacedMemory(bytes: 3 * bytes)
    let view = memory.bind(to: UInt8.self, count: 3 * bytes)
    for index in 0..<(3 * bytes) { view[index] = UInt8(truncatingIfNeeded: index &* 31 &+ 7) }
    microbench_copy(path.code, memory.base + bytes, memory.base, bytes, 1)
    #expect((0..<bytes).allSatisfy { view[bytes + $0] == view[$0] })
    #expect(view[2 * bytes] == UInt8(truncatingIfNeeded: 2 * bytes &* 31 &+ 7))
    microbench_write(path.code, memory.base, bytes, 1)
    let written = (0..<bytes).map { view[$0] }
    // The first float of each vector is 1, the others are 0.
    #expect(written.count { $0 != 0 } == 2 * bytes / path.vectorBytes)
    microbench_write_past_caches(path.code, memory.base + bytes, bytes, 1)
    #expect((0..<bytes).map { view[bytes + $0] } == written)
    #expect(view[2 * bytes] == UInt8(truncatingIfNeeded: 2 * bytes &* 31 &+ 7))
  }

  @Test(arguments: VectorPath.available) func `multiply-adds are counted per lane`(path: VectorPath) {
    let one = microbench_multiply_add(path.code, 1)
    #expect(one > 0)
    #expect(microbench_multiply_add(path.code, 10) == 10 * one)
  }

  @Test(arguments: DotProduct.allCases) func `dot products are counted per operand, or missing with a reason`(
    type: DotProduct
  ) throws {
    let one = microbench_dot_product(type.code, 1)
    if let reason = type.missing {
      #expect(one == 0)
      #expect(reason.contains("which this CPU lacks"))
      #expect(throws: NotAvailable.self) { try MicroBenchmarks.dotProductPeak(type, pool: pool, repetitions: 1) }
    } else {
      #expect(one > 0)
      #expect(microbench_dot_product(type.code, 10) == 10 * one)
      let result = try MicroBenchmarks.dotProductPeak(type, pool: pool, repetitions: 2)
      #expect(result.samples.count == 2)
      #expect(result.samples.allSatisfy { $0 > 0 })
      #expect(result.unit == (type == .int8 ? .gigaoperationsPerSecond : .gigaflopsPerSecond))
    }
  }

  @Test func `samples continue until the three fastest agree or the limit is reached`() {
    let (moments, never) = (MicroBenchmarks.severalMomentsNs, MicroBenchmarks.patienceNs)
    #expect(MicroBenchmarks.isUndisturbed([100, 101, 102], 5, 5, after: moments))
    #expect(!MicroBenchmarks.isUndisturbed([100, 101, 102], 5, 5, after: moments - 1), "all of them may be disturbed")
    #expect(!MicroBenchmarks.isUndisturbed([100, 101, 103], 5, 5, after: moments))
    #expect(MicroBenchmarks.isUndisturbed([100, 200, 300], 80, 5, after: moments))
    #expect(MicroBenchmarks.isUndisturbed([100, 200, 300], 5, 5, after: never))
    #expect(MicroBenchmarks.isUndisturbed([100, 200], 2, 2, after: 0), "two samples cannot agree as three")
  }

  @Test func `every benchmark returns as many samples as asked for, all positive`() throws {
    let results =
      [
        try MicroBenchmarks.multiplyAddPeak(pool: pool, repetitions: 2),
        MicroBenchmarks.coreFrequency(pool: pool, repetitions: 2),
        try MicroBenchmarks.bandwidth(.copy, workingSetBytes: 10_000, pool: pool, repetitions: 2),
        try MicroBenchmarks.randomRowBandwidth(workingSetBytes: 1 << 16, pool: pool, repetitions: 2),
        try MicroBenchmarks.randomRowBandwidth(workingSetBytes: 1 << 16, pieceBytes: 64, pool: pool, repetitions: 2),
        try MicroBenchmarks.latency(workingSetBytes: 1 << 16, pool: pool, repetitions: 2),
        MicroBenchmarks.forkJoin(pool: pool, repetitions: 2),
        MicroBenchmarks.barrier(pool: pool, repetitions: 2),
      ] + (try MicroBenchmarks.independentChases(chains: [1, 3], workingSetBytes: 1 << 16, pool: pool, repetitions: 2))
    for result in results {
      #expect(result.samples.count == 2 || result.name == "core_frequency")
      #expect(result.samples.allSatisfy { $0 > 0 && $0.isFinite })
      #expect(result.cpus == pool.verifiedCPUs)
    }
    #expect(results[2].workingSetBytes == 10_240)
    #expect(results[3].placements.count == 1)
  }

  @Test func `invalid sizes and too little memory end the program`() async {
    await #expect(processExitsWith: .failure) {
      _ = try MicroBenchmarks.bandwidth(workingSetBytes: 0, pool: PinnedPool(cpus: [Topology.read().allowedCPUs[0]]))
    }
    await #expect(processExitsWith: .failure) {
      let pool = try PinnedPool(cpus: [Topology.read().allowedCPUs[0]])
      _ = try MicroBenchmarks.randomRowBandwidth(workingSetBytes: 1 << 16, rowBytes: 100, pool: pool)
    }
    await #expect(processExitsWith: .failure) {
      let pool = try PinnedPool(cpus: [Topology.read().allowedCPUs[0]])
      let memory = try BenchmarkMemory(bytesPerThread: 1 << 16, pool: pool)
      _ = try MicroBenchmarks.bandwidth(workingSetBytes: 1 << 23, pool: pool, memory: memory, repetitions: 1)
    }
  }

  @Test func `best is the shortest latency and the highest rate`() {
    func result(_ unit: MicroBenchmarkResult.Unit) -> MicroBenchmarkResult {
      MicroBenchmarkResult(
        name: "x", unit: unit, samples: [3, 1, 2, 4], path: nil, workingSetBytes: nil, cpus: [], placements: [])
    }
    #expect(result(.nanoseconds).best == 1)
    #expect(result(.gigabytesPerSecond).best == 4)
    #expect(result(.gigahertz).median == 2.5)
  }
}

@Suite(.process, .machine) struct ClockTests {
  @Test func `the clock never goes back`() {
    var last = Clock.now()
    for _ in 0..<10_000 {
      let now = Clock.now()
      #expect(now >= last)
      last = now
    }
    #expect(Clock.measuredOverhead(repetitions: 11) >= 0)
  }
}

extension VectorPath {
  fileprivate var vectorBytes: Int {
    switch self {
    case .avx512: return 64
    case .avx2: return 32
    case .baseline: return 16
    }
  }
}
