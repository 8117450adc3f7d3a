import CLinux
import Foundation
import Glibc
import Kernels
import Plans
import Profiler
import Support

/// What the process of a counted pass has to know.
struct CountedPassRequest: Codable {
  /// With what was chosen for it, and the tokens that are counted.
  var point: Point
  /// The path that was timed.
  var isa: ISA
  /// The layer file; nil for a synthetic layer.
  var layer: String?
  /// The library behind the products; nil where there are none.
  var library: LibraryCandidate?
  var cpus: [Int]
  var topology: Topology
  /// Files of [tokens, hidden] floats, and of [tokens, tables] rows where a gather reads any: 32-bit numbers of this
  /// machine.
  var input: String
  var rows: String?
}

/// What ran in it.
struct CountedPassReport: Codable, Equatable {
  var isa: ISA
  /// Name, version and core type.
  var library: String?
}

/// One pass over a point's tokens with callgrind's counting switched on, in a process that valgrind runs: the same
/// kernel, the same walk, and the rows that the timed kernel read, after a pass that fills the simulated caches.
///
/// Results are of no use to anyone: weights are constants, which are there at once, and `CountingImage` says what
/// becomes of multiply-adds.
public enum CountedPass {
  /// The hidden verb of the tool: reads a request on standard input, prints a report.
  public static let verb = "run-counted"

  /// The child's side. Throws what keeps it from counting.
  public static func report(on request: Data) throws -> Data {
    try requireValgrind()
    let request = try LaunchCoding.decoder.decode(CountedPassRequest.self, from: request)
    return try LaunchCoding.encoder.encode(run(request))
  }

  /// Counts a kernel of known work instead, on this thread; returns its units of work, nil where this CPU has no such
  /// kernel.
  public static func units(of kernel: KnownAnswer.Kernel) throws -> Double? {
    try requireValgrind()
    let body = try kernel.prepared()
    linux_callgrind_start()
    linux_callgrind_toggle()
    let units = body()
    linux_callgrind_toggle()
    linux_callgrind_stop()
    return units
  }

  private static func requireValgrind() throws {
    guard linux_runs_under_valgrind() else {
      throw NotAvailable("expected valgrind to run this process, which counts nothing by itself")
    }
  }

  private static func run(_ request: CountedPassRequest) throws -> CountedPassReport {
    let pool = try PinnedPool(cpus: request.cpus)
    let kernels = try CountedKernelSource(request)
    let barrier = SleepingBarrier(parties: pool.threadCount)
    let prepared = try PreparedPoint(
      request.point, resolved: request.point, pool: pool, kernels: kernels, topology: request.topology,
      barrier: barrier.wait)
    linux_callgrind_start()
    pool.run(prepared.work)
    barrier.isCounted = true
    pool.run { thread in
      linux_callgrind_toggle()
      prepared.work(thread)
      linux_callgrind_toggle()
    }
    linux_callgrind_stop()
    return CountedPassReport(isa: kernels.isa, library: prepared.kernel.blas?.fullTitle)
  }
}

/// Builds the kernel of a counted pass.
private struct CountedKernelSource: KernelSource {
  private let request: CountedPassRequest
  let isa: ISA

  init(_ request: CountedPassRequest) throws {
    self.request = request
    // What valgrind emulates may be less than what the CPU has.
    isa = request.isa.isSupported ? request.isa : .best
  }

  func kernel(for point: Point, memory: any MemorySource, sharing others: [any Kernel]) throws -> any Kernel {
    var site = KernelSite(
      layer: try request.layer.map { try SafeTensors(contentsOf: $0) }, seed: point.seed,
      pass: Pass(tokens: point.tokens, threads: point.threads, isa: isa), library: library, memory: memory)
    site.parameters = .constant
    site.rows = try request.rows.map { try numbers($0) }
    return try point.network.kernel(at: site)
  }

  func input(for point: Point) throws -> [Float] {
    let values: [Float] = try numbers(request.input)
    guard values.count == point.tokens * point.hidden else {
      throw InputError(
        file: request.input, "expected \(point.tokens * point.hidden) activations, found \(values.count)")
    }
    return values
  }

  private func library() throws -> BLAS {
    guard let library = request.library else { return try BLAS.load(for: request.point.dtype) }
    return try BLAS.load(library)
  }

  private func numbers<Number: BitwiseCopyable>(_ file: String) throws -> [Number] {
    let data = try Data(contentsOf: URL(fileURLWithPath: file))
    return data.withUnsafeBytes { Array($0.bindMemory(to: Number.self)) }
  }
}

/// A barrier whose threads sleep, since only one of a process's threads runs at a time under valgrind: one that spins
/// would keep the others from arriving. Waiting is not counted.
private final class SleepingBarrier {
  private let barrier = UnsafeMutablePointer<pthread_barrier_t>.allocate(capacity: 1)
  /// Whether callgrind counts the threads that wait.
  var isCounted = false

  init(parties: Int) {
    pthread_barrier_init(barrier, nil, UInt32(clamping: parties))
  }

  deinit {
    pthread_barrier_destroy(barrier)
    barrier.deallocate()
  }

  func wait() {
    if isCounted { linux_callgrind_toggle() }
    pthread_barrier_wait(barrier)
    if isCounted { linux_callgrind_toggle() }
  }
}
