import CMicroBenchmarks
import InputFiles
import Testing

@testable import Profiler

/// These check that the loops do what they say; how fast they are depends on the machine and is never a test.
struct MicroBenchmarkTests {
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

  @Test(arguments: VectorPath.available) func `a copy copies every byte, and a write writes every byte`(
    path: VectorPath
  ) throws {
    let bytes = 3 * Int(MICROBENCH_STEP)
    let memory = try PlacedMemory(bytes: 3 * bytes)
    let view = try memory.bind(to: UInt8.self, count: 3 * bytes)
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
      #expect(throws: InputError.self) { try MicroBenchmarks.dotProductPeak(type, pool: pool, repetitions: 1) }
    } else {
      #expect(one > 0)
      #expect(microbench_dot_product(type.code, 10) == 10 * one)
      let result = try MicroBenchmarks.dotProductPeak(type, pool: pool, repetitions: 2)
      #expect(result.samples.count == 2)
      #expect(result.samples.allSatisfy { $0 > 0 })
      #expect(result.unit == (type == .int8 ? .gigaoperationsPerSecond : .gigaflopsPerSecond))
    }
  }

  @Test func `every benchmark returns as many samples as asked for, all positive`() throws {
    let results = [
      try MicroBenchmarks.multiplyAddPeak(pool: pool, repetitions: 2),
      MicroBenchmarks.coreFrequency(pool: pool, repetitions: 2),
      try MicroBenchmarks.bandwidth(.copy, workingSetBytes: 10_000, pool: pool, repetitions: 2),
      try MicroBenchmarks.randomRowBandwidth(workingSetBytes: 1 << 16, pool: pool, repetitions: 2),
      try MicroBenchmarks.latency(workingSetBytes: 1 << 16, pool: pool, repetitions: 2),
    ]
    for result in results {
      #expect(result.samples.count == 2 || result.name == "core_frequency")
      #expect(result.samples.allSatisfy { $0 > 0 && $0.isFinite })
      #expect(result.cpus == pool.verifiedCPUs)
    }
    #expect(results[2].workingSetBytes == 10_240)
    #expect(results[3].placements.count == 1)
  }

  @Test func `sizes that make no sense are errors`() {
    #expect(throws: InputError.self) { try MicroBenchmarks.bandwidth(workingSetBytes: 0, pool: pool) }
    #expect(throws: InputError.self) { try MicroBenchmarks.latency(workingSetBytes: -1, pool: pool) }
    #expect(throws: InputError.self) {
      try MicroBenchmarks.randomRowBandwidth(workingSetBytes: 1 << 16, rowBytes: 100, pool: pool)
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

struct ClockTests {
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
