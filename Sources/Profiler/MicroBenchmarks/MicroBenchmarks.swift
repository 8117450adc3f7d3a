import CLinux
import Support
import Synchronization

/// Measurements, each of one limit of the machine. They return raw samples; the caller chooses among them.
///
/// Each sample repeats its loop until it takes at least `minimumSampleNs`. The number of iterations is found by
/// doubling, which also warms caches and clocks. A sample in which the kernel took a CPU away from a worker is
/// repeated, within limits. Bandwidths count the bytes that the loop requests: a copy counts reads plus writes,
/// without the write-allocate reads that the hardware adds.
public enum MicroBenchmarks {
  /// A millisecond is a hundred thousand times the clock's resolution, and short enough to fit between two time
  /// slices of a busy neighbour.
  public static let minimumSampleNs: UInt64 = 1_000_000
  /// How often a benchmark may repeat a sample, per requested sample. With one neighbour on each CPU, two of three
  /// tries succeed; with several, more tries do not help.
  static let retriesPerSample = 4
  /// A benchmark continues beyond the requested samples until its fastest `agreeing` samples lie within `agreement`
  /// of each other, which shows that the machine was undisturbed. A virtual CPU that shares its core with another
  /// guest is undisturbed for only a few milliseconds in ten, and medians then measure the neighbour. Because
  /// disturbed samples may agree too, the benchmark continues for the time of several such undisturbed moments. It
  /// stops at `patience` times the requested samples.
  static let agreeing = 3
  static let agreement = 0.02
  static let patience = 16
  static let severalMomentsNs: UInt64 = 50_000_000
  static let patienceNs: UInt64 = 250_000_000

  /// Samples of one benchmark, and how they were taken.
  struct Samples {
    /// Loop iterations of each sample.
    var iterations: Int
    var nanoseconds: [UInt64] = []
    /// How many samples were kept although a worker had lost its CPU during them.
    var disturbed = 0

    /// Iterations per nanosecond of each sample, times `scale`.
    func rates(_ scale: Double) -> [Double] {
      nanoseconds.map { scale * Double(iterations) / Double($0) }
    }

    /// Nanoseconds per iteration, divided by `divisor`.
    func times(_ divisor: Double) -> [Double] {
      nanoseconds.map { Double($0) / Double(iterations) / divisor }
    }
  }

  /// Takes at least `repetitions` samples of `body`, which every thread of the pool runs at once.
  static func sample(
    pool: PinnedPool, repetitions: Int, _ body: (_ thread: Int, _ iterations: Int) -> Void
  ) -> Samples {
    var retries = retriesPerSample * max(1, repetitions)
    var iterations = 1
    while iterations < 1 << 40 {
      let (ns, isDisturbed) = timed(pool) { body($0, iterations) }
      if isDisturbed, retries > 0 {
        retries -= 1
      } else if ns >= minimumSampleNs {
        break
      } else {
        iterations *= 2
      }
    }
    var samples = Samples(iterations: iterations)
    retries = retriesPerSample * repetitions
    var fastest: [UInt64] = []
    let start = Clock.now()
    // Once the kernel itself keeps taking the CPU away, waiting longer does not give an undisturbed moment.
    func isWorthWaiting() -> Bool {
      !BuildConfiguration.isRehearsal && samples.disturbed == 0
        && !isUndisturbed(fastest, samples.nanoseconds.count, repetitions, after: Clock.now() - start)
    }
    while samples.nanoseconds.count < repetitions || isWorthWaiting() {
      let (ns, isDisturbed) = timed(pool) { body($0, iterations) }
      if isDisturbed, retries > 0 {
        retries -= 1
        continue
      }
      samples.disturbed += isDisturbed ? 1 : 0
      // The doubling rules out a time of 0, but it must not divide.
      samples.nanoseconds.append(max(1, ns))
      fastest = Array((fastest + [ns]).sorted().prefix(agreeing))
    }
    return samples
  }

  /// Whether the fastest of `count` samples, taken in `elapsed` nanoseconds, agree, or waiting longer has no use.
  static func isUndisturbed(_ fastest: [UInt64], _ count: Int, _ repetitions: Int, after elapsed: UInt64) -> Bool {
    guard repetitions >= agreeing, count < patience * repetitions, elapsed < patienceNs, let first = fastest.first,
      let last = fastest.last
    else {
      return true
    }
    return elapsed >= severalMomentsNs && Double(last) <= Double(first) * (1 + agreement)
  }

  /// One timed pass over all threads, and whether one of them lost its CPU during it.
  private static func timed(_ pool: PinnedPool, _ body: (Int) -> Void) -> (ns: UInt64, isDisturbed: Bool) {
    let disturbances = Atomic<Int>(0)
    let ns = pool.timed { thread in
      let before = linux_thread_preemptions()
      body(thread)
      if linux_thread_preemptions() != before { disturbances.add(1, ordering: .relaxed) }
    }
    return (ns, disturbances.load(ordering: .relaxed) > 0)
  }

  // MARK: - Requirements

  /// `memory` if it is large enough for `bytes` of every thread, otherwise new memory.
  static func memory(
    _ memory: BenchmarkMemory?, bytes: Int, pool: PinnedPool, pages: PageKind, policy: MemoryPolicy
  ) throws -> BenchmarkMemory {
    guard let memory else {
      return try BenchmarkMemory(bytesPerThread: bytes, pool: pool, pages: pages, policy: policy)
    }
    precondition(
      memory.parts.count == pool.threadCount && bytes <= memory.bytesPerThread,
      "expected \(bytes) bytes for each of \(pool.threadCount) threads, found \(memory.bytesPerThread) for "
        + "\(memory.parts.count)")
    return memory
  }

  static func require(_ path: VectorPath) throws {
    guard path.isAvailable else {
      let known = VectorPath.available.map(\.rawValue).joined(separator: ", ")
      throw NotAvailable(key: "path", "expected a vector path of this CPU (\(known)), found \(path.rawValue)")
    }
  }

  static func rounded(_ bytes: Int, to step: Int) -> Int {
    precondition(bytes > 0 && bytes <= Int.max - step, "expected a working set of at least 1 byte, found \(bytes)")
    return (bytes + step - 1) / step * step
  }
}

/// Marsaglia's xorshift64*: the same sequence on every machine for one seed.
struct XorShift64 {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed | 1
  }

  /// Uniform in 0..<bound, without the modulo's bias (Lemire's multiplication).
  mutating func next(below bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int((state &* 0x2545_F491_4F6C_DD1D).multipliedFullWidth(by: UInt64(bound)).high)
  }
}
