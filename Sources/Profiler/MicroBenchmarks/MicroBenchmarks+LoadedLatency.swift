import CLinux
import CMicroBenchmarks
import Support
import Synchronization

/// The latency of memory under load.
extension MicroBenchmarks {
  /// The traffic that loads the memory while a chase measures its latency.
  public enum Traffic: String, CaseIterable, Codable, Sendable {
    case reads
    /// One line is read for each line written by ordinary stores, which read it first.
    case copies
    /// Ordinary stores: each line is read, then written.
    case writes
    /// Non-temporal stores.
    case writesPastCaches = "writes_past_caches"

    var code: microbench_traffic_kind {
      switch self {
      case .reads: return MICROBENCH_READS
      case .copies: return MICROBENCH_COPIES
      case .writes: return MICROBENCH_WRITES
      case .writesPastCaches: return MICROBENCH_WRITES_PAST_CACHES
      }
    }

    /// Lines that memory reads and writes for each line that the loop steps through.
    var lines: (read: Double, written: Double) {
      switch self {
      case .reads: return (1, 0)
      case .copies: return (2, 1)
      case .writes: return (1, 1)
      case .writesPastCaches: return (0, 1)
      }
    }

    /// Reads / (reads + writes) at the memory, without the chase's own few reads.
    public var readRatio: Double { lines.read / (lines.read + lines.written) }
  }

  /// Samples of latency, and of the bandwidth at the memory during each of them.
  public struct LoadedLatency: Equatable, Sendable {
    public var traffic: Traffic
    /// Threads that made traffic.
    public var loadingThreads: Int
    /// Nanoseconds per dependent load.
    public var latency: [Double]
    /// GB/s at the memory, write-allocate reads included.
    public var bandwidth: [Double]
    public var disturbedSamples: Int
  }

  /// Bytes that a loading thread moves between two looks at the flag that ends it: few compared with a sample's
  /// traffic.
  private static let chunkBytes = 4096
  /// Loads of one sample: a few tenths of a millisecond, so that most samples fit between two time slices of a neighbour.
  private static let loadsPerSample = 1000
  /// A loading thread that reports nothing for this long has lost its CPU: the slowest one reports every 50
  /// microseconds.
  private static let silenceNs: UInt64 = 150_000

  /// The latency of a chase on the pool's first thread while the next `loadingThreads` threads make `traffic` in
  /// their own memory, each with `pause` iterations of an empty loop after every 512 bytes.
  ///
  /// `memory` is the traffic's memory. It and the chase's cycle should be many times the last-level cache and must
  /// not overlap.
  public static func loadedLatency(
    _ traffic: Traffic, loadingThreads: Int, pause: Int, pool: PinnedPool, memory: BenchmarkMemory,
    chase: ChaseCycle, repetitions: Int = 21
  ) throws -> LoadedLatency {
    precondition(
      (0..<pool.threadCount).contains(loadingThreads) && memory.parts.count == pool.threadCount,
      "expected at most \(pool.threadCount - 1) loading threads, and memory of every thread, found \(loadingThreads)")
    let region = try TrafficRegion(traffic, of: memory, from: 0)
    let start = region.place(memory.trafficPosition)
    let bytesPerChunk = Double(chunkBytes) * (traffic.lines.read + traffic.lines.written)
    let state = (0..<pool.threadCount).map { _ in LoadingThread() }
    let isOver = Atomic<Bool>(false)
    var result = LoadedLatency(
      traffic: traffic, loadingThreads: loadingThreads, latency: [], bandwidth: [], disturbedSamples: 0)
    withUnsafeMutablePointer(to: &result) { result in
      // Unchecked: the first thread alone writes it, and the caller waits until all threads are done.
      nonisolated(unsafe) let result = result
      pool.run { thread in
        pool.barrier()
        if thread > 0, thread <= loadingThreads {
          state[thread].load(
            region, memory.parts[thread].base + region.start, from: start, pause: pause, until: isOver)
        } else if thread == 0 {
          defer { isOver.store(true, ordering: .relaxed) }
          let loading = state[1...].prefix(loadingThreads)
          // Meanwhile the loading threads reach their pace, and the caches lose the chase's lines.
          chase.follow(2 * loadsPerSample)
          var retries = retriesPerSample * repetitions
          while result.pointee.latency.count < repetitions {
            let preemptions = linux_thread_preemptions()
            let chunks = loading.map(\.chunks).reduce(0, +)
            let gaps = loading.map(\.gaps).reduce(0, +)
            let start = Clock.now()
            chase.follow(loadsPerSample)
            let end = Clock.now()
            let moved = loading.map(\.chunks).reduce(0, +) - chunks
            let isDisturbed =
              linux_thread_preemptions() != preemptions || loading.map(\.gaps).reduce(0, +) != gaps
              || loading.contains { $0.lastReport + silenceNs < end }
            if isDisturbed, retries > 0 {
              retries -= 1
              continue
            }
            let ns = Double(max(1, end - start))
            result.pointee.disturbedSamples += isDisturbed ? 1 : 0
            result.pointee.latency.append(ns / Double(loadsPerSample))
            result.pointee.bandwidth.append(
              (Double(moved) * bytesPerChunk + Double(loadsPerSample * lineBytes)) / ns)
          }
        }
      }
    }
    memory.trafficPosition = start + chunkBytes * (state.map(\.chunks).max() ?? 0)
    return result
  }

  /// The latency of chases on every thread of the pool, each of which touches `linesPerLoad` lines of `traffic` after
  /// every link without waiting for them. It gives the curve of a single thread and of machines without a spare core.
  /// The `chases` lie at the beginning of `memory`, the traffic behind them.
  ///
  /// Once the lines of a step take longer than its link, the time of a step is theirs and no longer a latency.
  public static func interleavedLatency(
    _ traffic: Traffic, linesPerLoad: Int, pool: PinnedPool, memory: BenchmarkMemory, chases: [ChaseCycle],
    repetitions: Int = 10
  ) throws -> LoadedLatency {
    let region = try TrafficRegion(traffic, of: memory, from: chases.map(\.bytes).max() ?? 0)
    precondition(
      chases.count == pool.threadCount && memory.parts.count == pool.threadCount
        && (0...chunkBytes / lineBytes).contains(linesPerLoad),
      "expected 0 to \(chunkBytes / lineBytes) lines and a chase and memory of every thread, found \(linesPerLoad)")
    let loads = 64
    let bytes = loads * linesPerLoad * lineBytes
    var offsets = Positions(count: pool.threadCount, at: region.place(memory.trafficPosition))
    let samples = offsets.withUnsafe { offsets in
      sample(pool: pool, repetitions: repetitions) { thread, passes in
        for _ in 0..<passes {
          if offsets[thread] + bytes > region.bytes { offsets[thread] = 0 }
          chases[thread].follow(
            loads, traffic, memory.parts[thread].base + region.start, half: region.half, offset: offsets[thread],
            lines: linesPerLoad)
          offsets[thread] += bytes
        }
      }
    }
    memory.trafficPosition = offsets.withUnsafe { $0[0] }
    let moved =
      Double(loads * lineBytes) + Double(bytes) * (traffic.lines.read + traffic.lines.written)
    return LoadedLatency(
      traffic: traffic, loadingThreads: pool.threadCount, latency: samples.times(Double(loads)),
      bandwidth: samples.rates(moved * Double(pool.threadCount)), disturbedSamples: samples.disturbed)
  }

  /// The part of a thread's memory that traffic steps through.
  private struct TrafficRegion: Sendable {
    var traffic: Traffic
    /// Bytes of the thread's memory before the region.
    var start: Int
    /// Bytes of the region; of a copy, bytes of its source.
    var bytes: Int
    /// Distance from a copy's source to its destination; 0 for other traffic.
    var half: Int

    init(_ traffic: Traffic, of memory: BenchmarkMemory, from start: Int) throws {
      let parts = traffic == .copies ? 2 : 1
      self.traffic = traffic
      self.start = start
      bytes = (memory.bytesPerThread - start) / parts / chunkBytes * chunkBytes
      half = traffic == .copies ? bytes : 0
      precondition(
        bytes > 0,
        "expected at least \(start + parts * chunkBytes) bytes for each thread, found \(memory.bytesPerThread)")
    }

    /// The chunk at which traffic continues after `position` bytes.
    func place(_ position: Int) -> Int { position % bytes / chunkBytes * chunkBytes }
  }

  /// A thread that makes traffic, and the counters that it publishes.
  private final class LoadingThread: Sendable {
    private let moved = Atomic<Int>(0)
    private let pauses = Atomic<Int>(0)
    private let reported = Atomic<UInt64>(0)
    /// Keeps neighbouring heap objects off the line that this object writes all the time.
    private let padding = [UInt64](repeating: 0, count: 32)

    var chunks: Int { moved.load(ordering: .relaxed) }
    /// How often it continued after a silence.
    var gaps: Int { pauses.load(ordering: .relaxed) }
    /// The time of its last report.
    var lastReport: UInt64 { reported.load(ordering: .relaxed) }

    func load(
      _ region: TrafficRegion, _ base: UnsafeMutableRawPointer, from start: Int, pause: Int,
      until isOver: borrowing Atomic<Bool>
    ) {
      var offset = start
      var last = Clock.now()
      while !isOver.load(ordering: .relaxed) {
        microbench_traffic(region.traffic.code, base, region.half, offset, chunkBytes, pause)
        offset = offset + chunkBytes < region.bytes ? offset + chunkBytes : 0
        let now = Clock.now()
        if now - last > silenceNs { pauses.add(1, ordering: .relaxed) }
        last = now
        reported.store(now, ordering: .relaxed)
        moved.add(1, ordering: .relaxed)
      }
    }
  }
}

/// One random cycle through the lines of a working set, and the position on it. Several benchmarks continue the same
/// chase, so that none finds in a cache the lines of the previous one.
///
/// Unchecked: its position belongs to the one thread of the pool that follows it, and whoever takes it over comes after the
/// pool has joined.
public final class ChaseCycle: @unchecked Sendable {
  /// Bytes of the working set, from the beginning of its memory.
  public let bytes: Int
  private let memory: PlacedMemory
  private var position: UnsafeMutableRawPointer

  /// Cycles through the first `bytes` of every thread's memory, linked by the threads themselves.
  public static func all(
    in memory: BenchmarkMemory, bytes: Int, pool: PinnedPool, seed: UInt64 = 1
  ) throws -> [ChaseCycle] {
    precondition(
      memory.parts.count == pool.threadCount && (MicroBenchmarks.lineBytes...memory.bytesPerThread).contains(bytes),
      "expected 64 to \(memory.bytesPerThread) bytes, found \(bytes)")
    pool.run { microbench_link_lines(memory.parts[$0].base, bytes / MicroBenchmarks.lineBytes, seed) }
    return memory.parts.map { ChaseCycle($0, bytes: bytes) }
  }

  private init(_ memory: PlacedMemory, bytes: Int) {
    self.bytes = bytes
    self.memory = memory
    position = memory.base
  }

  func follow(_ loads: Int) {
    position = microbench_chase(position, loads)
  }

  func follow(
    _ loads: Int, _ traffic: MicroBenchmarks.Traffic, _ base: UnsafeMutableRawPointer, half: Int, offset: Int,
    lines: Int
  ) {
    position = microbench_chase_in_traffic(traffic.code, position, loads, base, half, offset, lines)
  }
}
