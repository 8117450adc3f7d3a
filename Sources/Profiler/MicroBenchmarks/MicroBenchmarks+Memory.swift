import CMicroBenchmarks
import Support

/// Bandwidth of streams and of random rows, and latency, at each level of the memory hierarchy.
extension MicroBenchmarks {
  public enum Stream: String, CaseIterable, Codable, Sendable {
    case read
    case write
    /// Non-temporal stores.
    case writePastCaches = "write_past_caches"
    case copy
  }

  /// The part of a large working set that one sample covers at least: short enough for a millisecond or two, and many
  /// pages long, so that a prefetcher's start does not count. The next sample continues where this one ended.
  private static let spanBytes = 8 << 20

  /// Sequential bandwidth in GB/s, summed over the pool's threads, each in `workingSetBytes` of its own memory.
  ///
  /// The working set is rounded up to 512 bytes; a copy has half of it as source and half as destination. With `memory`,
  /// `pages` and `policy` are that memory's.
  public static func bandwidth(
    _ stream: Stream = .read, workingSetBytes: Int, pool: PinnedPool, path: VectorPath = .widest,
    pages: PageKind = .transparentHuge, policy: MemoryPolicy = .local, memory shared: BenchmarkMemory? = nil,
    repetitions: Int = 10
  ) throws -> MicroBenchmarkResult {
    try require(path)
    let parts = stream == .copy ? 2 : 1
    let bytes = rounded(workingSetBytes, to: Int(MICROBENCH_STEP) * parts)
    let memory = try memory(shared, bytes: bytes, pool: pool, pages: pages, policy: policy)
    let part = bytes / parts
    let span = part > spanBytes && part % spanBytes == 0 ? spanBytes : part
    var offsets = Positions(count: pool.threadCount, at: 0)
    let samples = offsets.withUnsafe { offsets in
      sample(pool: pool, repetitions: repetitions) { thread, passes in
        let base = memory.parts[thread].base
        // A small set is repeated inside the loop in C; of a large one the next span is taken.
        let (rounds, repeats) = span < part ? (passes, 1) : (1, passes)
        for _ in 0..<rounds {
          let at = base + offsets[thread]
          switch stream {
          case .read: microbench_read(path.code, at, span, repeats)
          case .write: microbench_write(path.code, at, span, repeats)
          case .writePastCaches: microbench_write_past_caches(path.code, at, span, repeats)
          case .copy: microbench_copy(path.code, at + part, at, span, repeats)
          }
          offsets[thread] = offsets[thread] + span < part ? offsets[thread] + span : 0
        }
      }
    }
    return MicroBenchmarkResult(
      name: "\(stream.rawValue)_bandwidth", unit: .gigabytesPerSecond,
      samples: samples.rates(Double(span * parts * pool.threadCount)), path: path, workingSetBytes: bytes,
      cpus: pool.verifiedCPUs, placements: memory.placements, disturbedSamples: samples.disturbed)
  }

  /// The fewest rows of a sample of random rows: too many for a predictor to learn, few enough for two milliseconds
  /// of the widest rows from memory.
  private static let rowsPerPass = 16_384
  /// Bytes of the rows on a list before it repeats: twice the largest last-level cache of current CPUs.
  private static let touchedBytes = 2 << 30

  /// Passes of a list of row numbers: about as many look-ups as rows, so that the samples cover the working set and
  /// not a small hot part of it. At most half a million, or as many as touch 2 GiB, since half a million rows of 128
  /// bytes fit into the last-level cache of some servers. The list's own 4 bytes per row are negligible.
  static func listedPasses(rows: Int, rowBytes: Int) -> Int {
    min(max(rows / rowsPerPass, 1), max(32, touchedBytes / rowBytes / rowsPerPass))
  }

  /// Bandwidth of reading whole rows in random order, in GB/s over the pool's threads: the access pattern of a table
  /// look-up without its arithmetic. With `isBusy`, several multiply-adds follow each vector read, which a core may
  /// overlap with waiting for rows. With `pieceBytes`, rows are read in pieces of that size, one piece of each of 128
  /// rows before the next piece of any, as a gather whose sums stay in registers does. Each thread has its own table
  /// and its own precomputed list of rows.
  public static func randomRowBandwidth(
    workingSetBytes: Int, rowBytes: Int = 2048, pieceBytes: Int? = nil, isBusy: Bool = false, pool: PinnedPool,
    path: VectorPath = .widest,
    pages: PageKind = .transparentHuge, policy: MemoryPolicy = .local, memory shared: BenchmarkMemory? = nil,
    seed: UInt64 = 1, repetitions: Int = 10
  ) throws -> MicroBenchmarkResult {
    try require(path)
    precondition(
      rowBytes > 0 && rowBytes % Int(MICROBENCH_ROW_STEP) == 0,
      "expected rows of a positive multiple of \(MICROBENCH_ROW_STEP) bytes, found \(rowBytes)")
    if let pieceBytes {
      precondition(
        pieceBytes > 0 && pieceBytes % lineBytes == 0 && rowBytes % pieceBytes == 0,
        "expected pieces of a multiple of \(lineBytes) bytes that divides \(rowBytes), found \(pieceBytes)")
    }
    let bytes = rounded(workingSetBytes, to: rowBytes)
    let rows = bytes / rowBytes
    precondition(rows <= Int(UInt32.max), "expected at most 2^32 rows, found \(rows)")
    let memory = try memory(shared, bytes: bytes, pool: pool, pages: pages, policy: policy)
    let passes = listedPasses(rows: rows, rowBytes: rowBytes)
    let lists = (0..<pool.threadCount).map { thread in
      var generator = XorShift64(seed: seed &+ UInt64(thread) &* 0x9E37_79B9_7F4A_7C15)
      return (0..<passes * rowsPerPass).map { _ in UInt32(truncatingIfNeeded: generator.next(below: rows)) }
    }
    var turns = Positions(count: pool.threadCount, at: 0)
    let samples = turns.withUnsafe { turns in
      sample(pool: pool, repetitions: repetitions) { thread, rounds in
        let base = memory.parts[thread].base
        lists[thread].withUnsafeBufferPointer { list in
          for _ in 0..<rounds {
            let start = list.baseAddress.map { $0 + turns[thread] * rowsPerPass }
            if let pieceBytes {
              microbench_read_row_pieces(path.code, base, rowBytes, pieceBytes, start, rowsPerPass)
            } else {
              let read = isBusy ? microbench_busy_rows : microbench_read_rows
              read(path.code, base, rowBytes, start, rowsPerPass)
            }
            turns[thread] = (turns[thread] + 1) % passes
          }
        }
      }
    }
    return MicroBenchmarkResult(
      name: "random_row_bandwidth", unit: .gigabytesPerSecond,
      samples: samples.rates(Double(rowsPerPass * rowBytes * pool.threadCount)), path: path, workingSetBytes: bytes,
      cpus: pool.verifiedCPUs, placements: memory.placements, disturbedSamples: samples.disturbed)
  }

  /// Load-to-use latency in nanoseconds: a chase along one random cycle through all 64-byte lines of the working set.
  ///
  /// All threads of the pool chase at once; with one thread it is the idle latency. Each sample is that of the
  /// slowest thread.
  public static func latency(
    workingSetBytes: Int, pool: PinnedPool, pages: PageKind = .transparentHuge, policy: MemoryPolicy = .local,
    memory shared: BenchmarkMemory? = nil, seed: UInt64 = 1, repetitions: Int = 10
  ) throws -> MicroBenchmarkResult {
    let bytes = rounded(workingSetBytes, to: lineBytes)
    let memory = try memory(shared, bytes: bytes, pool: pool, pages: pages, policy: policy)
    // One short round before the first sample fills the caches.
    let warmUp = min(bytes / lineBytes, 1 << 20)
    // Continuing where the last sample ended keeps a sample that is shorter than the cycle from reading lines that it
    // has just brought into the caches.
    var positions = Positions(memory.parts.map(\.base))
    let loads = 1024
    let samples = positions.withUnsafe { positions in
      pool.run { thread in
        microbench_link_lines(memory.parts[thread].base, bytes / lineBytes, seed)
        positions[thread] = microbench_chase(memory.parts[thread].base, warmUp)
      }
      return sample(pool: pool, repetitions: repetitions) { thread, passes in
        positions[thread] = microbench_chase(positions[thread], loads * passes)
      }
    }
    return MicroBenchmarkResult(
      name: "load_latency", unit: .nanoseconds, samples: samples.times(Double(loads)), path: nil,
      workingSetBytes: bytes, cpus: pool.verifiedCPUs, placements: memory.placements,
      disturbedSamples: samples.disturbed)
  }

  /// The line size of every CPU that the loops support.
  static let lineBytes = 64
}

/// Each thread's next position, in a pair of cache lines of its own, because prefetchers fetch pairs.
struct Positions<Value> {
  private static var stride: Int { max(1, 128 / MemoryLayout<Value>.stride) }
  private var values: [Value]

  /// Gives each thread access to its own position.
  struct View {
    fileprivate let base: UnsafeMutablePointer<Value>

    subscript(thread: Int) -> Value {
      get { base[thread * Positions.stride] }
      nonmutating set { base[thread * Positions.stride] = newValue }
    }
  }

  init(_ starts: [Value]) {
    values = starts.flatMap { Array(repeating: $0, count: Self.stride) }
  }

  init(count: Int, at start: Value) {
    self.init(Array(repeating: start, count: count))
  }

  mutating func withUnsafe<Result>(_ body: (View) throws -> Result) rethrows -> Result {
    try values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { preconditionFailure("a pool has at least one thread") }
      return try body(View(base: base))
    }
  }
}
