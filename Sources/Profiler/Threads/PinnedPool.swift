import CLinux
import Glibc
import Support
import Synchronization

/// Persistent threads, each pinned to one CPU, that run the same work in fork-join fashion.
///
/// The caller of `run` is *not* one of the workers; it sleeps until they are done. If it were worker 0, creating a
/// pool would pin the calling thread, and every thread that a BLAS library starts later would inherit that one CPU.
/// Because the caller also needs a CPU to publish the work, workers can start a few microseconds apart. `timed`
/// therefore lets them meet at a barrier first and takes the time inside the workers.
///
/// A pool belongs to one caller at a time; a second concurrent `run` waits its turn. Work must not call `run` on the pool
/// that runs it.
public final class PinnedPool: Sendable {
  /// The CPU of each worker, by thread index, as verified by its affinity mask and by where it runs.
  public let verifiedCPUs: [Int]
  public var threadCount: Int { verifiedCPUs.count }

  private let shared: PoolState
  private let threads: [UInt]
  private let turn = Mutex(())

  /// Starts one thread per entry of `cpus` and verifies its affinity. Throws where the kernel placed it elsewhere.
  public init(cpus: [Int]) throws {
    precondition(!cpus.isEmpty, "expected at least one CPU, found none")
    let shared = PoolState(threadCount: cpus.count)
    var threads: [UInt] = []
    do {
      for (index, cpu) in cpus.enumerated() {
        guard let narrow = Int32(exactly: cpu), narrow >= 0 else {
          throw NotAvailable(key: "cpus", "expected CPU numbers, found \(cpu)")
        }
        let worker = Unmanaged.passRetained(Worker(index: index, shared: shared))
        var thread: UInt = 0
        let result = linux_thread_start(
          narrow, { if let context = $0 { Unmanaged<Worker>.fromOpaque(context).takeRetainedValue().loop() } },
          worker.toOpaque(), &thread)
        if result < 0 {
          worker.release()
          if result == -EINVAL {
            throw NotAvailable(key: "cpus", "expected a CPU that this process may use, found \(cpu)")
          }
          throw SystemError(call: "pthread_create", code: -result, advice: "thread \(index) on CPU \(cpu)")
        }
        threads.append(thread)
      }
      self.verifiedCPUs = try Self.verify(cpus, shared)
    } catch {
      Self.stop(shared, threads)
      throw error
    }
    self.shared = shared
    self.threads = threads
  }

  deinit {
    Self.stop(shared, threads)
  }

  /// Runs `work` once on every worker, with the thread index. Returns when all are done.
  public func run(_ work: (Int) -> Void) {
    turn.withLock { _ in shared.fork(work) }
  }

  /// Runs `work` on every worker and returns its results by thread index.
  public func map<Result>(_ work: (Int) -> Result) -> [Result] {
    let results = UnsafeMutablePointer<Result>.allocate(capacity: threadCount)
    defer { results.deallocate() }
    run { index in (results + index).initialize(to: work(index)) }
    defer { results.deinitialize(count: threadCount) }
    return Array(UnsafeBufferPointer(start: results, count: threadCount))
  }

  /// Runs `work` on every worker and returns nanoseconds from the first worker's start to the last one's end, after a
  /// barrier. Wake-up and join are not included.
  public func timed(_ work: (Int) -> Void) -> UInt64 {
    let spans = map { index in
      barrier()
      let start = Clock.now()
      work(index)
      return (start: start, end: Clock.now())
    }
    let start = spans.map(\.start).min() ?? 0
    let end = spans.map(\.end).max() ?? 0
    return end - start
  }

  /// Waits until every worker of the pool has called it. To be called only inside work, by kernels of several phases.
  public func barrier() {
    shared.barrier.wait()
  }

  private static func verify(_ cpus: [Int], _ shared: PoolState) throws -> [Int] {
    if let moved = displacement(cpus, shared) {
      throw SystemError(call: "pthread_attr_setaffinity_np", code: EINVAL, advice: moved)
    }
    return cpus
  }

  /// Describes a worker that no longer runs where it was pinned; nil where all do. Another process, a control group
  /// or the hot-unplugging of a CPU can move threads at any time, so this is checked after a measurement as well as
  /// before.
  public func displacement() -> String? {
    turn.withLock { _ in Self.displacement(verifiedCPUs, shared) }
  }

  private static func displacement(_ cpus: [Int], _ shared: PoolState) -> String? {
    var seen = [(mask: [Int], cpu: Int)](repeating: ([], -1), count: cpus.count)
    seen.withUnsafeMutableBufferPointer { seen in
      // Unchecked: each worker writes the element at its own index alone.
      nonisolated(unsafe) let seen = seen
      shared.fork { index in seen[index] = (currentAffinity(), Int(linux_current_cpu())) }
    }
    for (index, cpu) in cpus.enumerated() where seen[index].mask != [cpu] || seen[index].cpu != cpu {
      return
        "thread \(index) should run on CPU \(cpu), but may use CPUs \(formatCPUList(seen[index].mask)) and runs on "
        + "\(seen[index].cpu)"
    }
    return nil
  }

  private static func stop(_ shared: PoolState, _ threads: [UInt]) {
    shared.stop()
    for thread in threads { linux_thread_join(thread) }
  }
}

/// The CPUs that the calling thread may use, ascending; empty where the kernel does not report them.
func currentAffinity() -> [Int] { affinity(linux_get_affinity) }

/// The CPUs that the main thread may use, ascending; empty where the kernel does not report them.
func processAffinity() -> [Int] { affinity(linux_get_process_affinity) }

private func affinity(_ ask: (UnsafeMutablePointer<Int32>?, Int) -> Int32) -> [Int] {
  var cpus = [Int32](repeating: 0, count: 4096)
  let count = ask(&cpus, cpus.count)
  return cpus.prefix(max(0, Int(count))).map(Int.init)
}

/// One worker: waits for the next epoch, runs its part, reports completion.
private final class Worker {
  let index: Int
  let shared: PoolState

  init(index: Int, shared: PoolState) {
    self.index = index
    self.shared = shared
  }

  func loop() {
    var seen: UInt32 = 0
    while let next = shared.awaitWork(after: seen) {
      seen = next
      shared.runPart(index)
    }
  }
}

/// The state that the workers and the caller share.
private final class PoolState: Sendable {
  let barrier: SpinBarrier
  private let threadCount: Int
  /// Counts the forks; a worker has work when it differs from the epoch the worker saw last.
  private let epoch = WaitWord()
  /// Counts the joins; the caller waits for it to reach the epoch.
  private let completed = WaitWord()
  private let remaining = Atomic<Int>(0)
  private let isStopping = Atomic<Bool>(false)
  /// Unchecked: the one caller that forks writes it after all workers have joined and before it raises the epoch; the
  /// workers read it after they have seen the raised epoch and before they join.
  private nonisolated(unsafe) var work: ((Int) -> Void)?

  init(threadCount: Int) {
    self.threadCount = threadCount
    self.barrier = SpinBarrier(parties: threadCount)
  }

  func fork(_ work: (Int) -> Void) {
    withoutActuallyEscaping(work) { work in
      self.work = work
      remaining.store(threadCount, ordering: .relaxed)
      let target = epoch.increment()
      // The caller does not spin: on a machine whose CPUs all have a worker it would take a CPU from one of them.
      while completed.value != target { completed.sleep(while: target &- 1) }
      self.work = nil
    }
  }

  func runPart(_ index: Int) {
    work?(index)
    if remaining.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { completed.increment() }
  }

  /// The next epoch, or nil when the pool ends.
  func awaitWork(after seen: UInt32) -> UInt32? {
    epoch.spin(while: seen)
    while epoch.value == seen { epoch.sleep(while: seen) }
    return isStopping.load(ordering: .acquiring) ? nil : epoch.value
  }

  func stop() {
    isStopping.store(true, ordering: .releasing)
    epoch.increment()
  }
}
