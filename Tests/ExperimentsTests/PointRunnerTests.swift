import AccessStreams
import CLinux
import Kernels
import Machines
import PlanSupport
import Profiler
import TestSupport
import Testing

@testable import Measurement
@testable import Plans
@testable import RunStore

/// A kernel that copies its input and reports a given error.
private final class StubKernel: Kernel, KernelWorker {
  var inputWidth: Int { 8 }
  var outputWidth: Int { 8 }
  var blas: BLAS? { nil }
  var accounts: [StageAccount] {
    [StageAccount(stage: "copy", flops: 8, activationBytes: 64, tableBytes: 0, weightBytes: 0)]
  }
  let error: Double
  /// The CPU to which the worker moves itself, as another process could.
  var elsewhere: Int?
  private(set) var tokens = 0..<0
  private(set) var runs = 0

  init(error: Double) {
    self.error = error
  }

  func worker(index: Int, tokens: Range<Int>, memory: any MemorySource) throws -> any KernelWorker {
    self.tokens = tokens
    return self
  }

  func run(input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>) {
    runs += 1
    if let elsewhere {
      var cpu = Int32(elsewhere)
      _ = linux_set_affinity(&cpu, 1)
    }
    output.update(from: input, count: tokens.count * 8)
  }

  func check(input: UnsafePointer<Float>, output: UnsafePointer<Float>, tokens: [Int]) throws -> CheckResult {
    CheckResult(
      tokens: tokens.count, maxAbsoluteError: error, maxRelativeError: error, scale: 1, codeMismatches: 0,
      ambiguousTokens: 0)
  }

  func workload(input: UnsafePointer<Float>, tokens: Int, threads: Int) throws -> any Workload {
    StubWorkload(tokens: tokens, threads: threads)
  }
}

private struct StubWorkload: Workload {
  var tokens: Int
  var threads: Int
  var phases: [PhaseWork] { [PhaseWork(name: "copy", multiplyAdds: 8 * Double(tokens))] }
  func emit(to stream: AccessStream) {
    stream.enter(phase: 0)
    stream.read(4096, bytes: tokens * 32)
    stream.flush()
  }
}

private struct StubSource: KernelSource {
  var result: Result<StubKernel, PointSkipped>
  func kernel(for point: Point, memory: any MemorySource, sharing others: [any Kernel]) throws -> any Kernel {
    try result.get()
  }
  func input(for point: Point) throws -> [Float] { [Float](repeating: 1, count: point.tokens * 8) }
}

@Suite(.machine) struct PointRunnerTests {
  private let point = Point(
    sweep: "a", kernel: .dense, seed: 1, hidden: 8, intermediate: 32, output: 8, tokens: 40, threads: 1)

  private func run(
    _ source: any KernelSource, point: Point? = nil, launch: Int = 0, tuner: Autotuner? = nil
  ) throws -> PointOutcome {
    let experiment = try experiment(
      """
      sweeps: [{name: a, set: {kernel: dense}}]
      measure: {min_samples: 7, min_seconds: 0, max_seconds: 0.2, interval_width: 1, warmup_seconds: 0}
      """)
    let context = RunContext(
      experiment: experiment, runID: "r", host: "h", cpuModel: nil, topology: .read(), kernels: source,
      counters: CounterPlan(groups: [try CounterGroup.load("software")]), fmaPeak: { _ in 100 },
      tuner: tuner, launch: launch, clock: RunClock())
    return try PointRunner(context: context).run(point ?? self.point)
  }

  @Test func `a correct point is timed and counted`() throws {
    let kernel = StubKernel(error: 0)
    let outcome = try run(StubSource(result: .success(kernel)))
    #expect(outcome.result.status == .passed)
    #expect(outcome.result.n == outcome.samples.count)
    #expect(outcome.samples.count >= 7)
    #expect(outcome.samples.map(\.orderIndex) == Array(0..<outcome.samples.count))
    #expect(outcome.result.tokensPerSecond ?? 0 > 0)
    #expect(outcome.result.fractionOfFMAPeak != nil)
    #expect(outcome.result.verifiedCPUs?.isEmpty == false)
    #expect(outcome.counters.map(\.event).contains("perf::TASK-CLOCK"))
    // This kernel has no stages.
    #expect(outcome.stageTimes.isEmpty)
    // The check, the samples and one pass for the counters.
    #expect(kernel.runs >= 1 + outcome.samples.count + 1)
  }

  @Test func `a wrong output fails the point before it is timed, and yields no number`() throws {
    let kernel = StubKernel(error: 1e-3)
    let outcome = try run(StubSource(result: .success(kernel)))
    #expect(outcome.result.status == .failed)
    #expect(outcome.result.reason == "max_abs_error 0.001 exceeds 1e-05")
    #expect(kernel.runs == 1)
    #expect(outcome.samples.isEmpty && outcome.counters.isEmpty && outcome.stageTimes.isEmpty)
    #expect(outcome.result.medianNanoseconds == nil && outcome.result.tokensPerSecond == nil)
  }

  @Test func `a thread that was moved while it was timed fails the point`() throws {
    let cpus = Topology.read().allowedCPUs
    guard cpus.count > 1 else { return }
    let kernel = StubKernel(error: 0)
    kernel.elsewhere = cpus[1]
    let outcome = try run(StubSource(result: .success(kernel)))
    #expect(outcome.result.status == .failed)
    #expect(outcome.result.reason?.hasPrefix("moved during timing: thread 0 should run on CPU \(cpus[0])") == true)
    #expect(outcome.samples.isEmpty && outcome.result.tokensPerSecond == nil)
  }

  @Test func `a point that needs more memory than there is skips, before anything is built`() throws {
    var large = point
    large.network = DenseNetwork(hidden: 1 << 31, intermediate: 1 << 31)
    let outcome = try run(StubSource(result: .success(StubKernel(error: 0))), point: large)
    #expect(outcome.result.status == .skipped)
    #expect(outcome.result.reason == "needs more than 2^63 bytes of memory")
  }

  @Test func `an output that is no number fails the point`() throws {
    let outcome = try run(StubSource(result: .success(StubKernel(error: .nan))))
    #expect(outcome.result.status == .failed)
  }

  @Test func `what this machine cannot run is skipped with the reason`() throws {
    let outcome = try run(StubSource(result: .failure(PointSkipped("no such instruction set"))))
    #expect(outcome.result.status == .skipped)
    #expect(outcome.result.reason == "no such instruction set")
  }

  @Test func `CPUs and nodes that this machine does not have skip the point`() throws {
    var many = point
    many.threads = 100_000
    var elsewhere = point
    elsewhere.memory = .node(4096)
    for missing in [many, elsewhere] {
      let outcome = try run(StubSource(result: .success(StubKernel(error: 0))), point: missing)
      #expect(outcome.result.status == .skipped, "\(outcome.result.reason ?? "")")
      #expect(outcome.result.reason?.isEmpty == false)
      #expect(outcome.result.tokensPerSecond == nil)
    }
  }

  @Test func `the row says what placement was asked for, and what was found before and after timing`() throws {
    let outcome = try run(StubSource(result: .success(StubKernel(error: 0))))
    let row = outcome.result
    #expect(row.memoryPolicy == "local" && row.pages == .transparentHuge)
    #expect(row.pagesPerNodeBefore != nil || outcome.notes.contains { $0.text.contains("move_pages") })
    #expect(row.pagesPerNodeAfter == row.pagesPerNodeBefore)
    #expect(row.pageKindBefore != nil)
    #expect(row.pageKindAfter == row.pageKindBefore)
  }

  @Test(arguments: [MemoryPolicy.firstTouch, .interleave, .replicated, .remote])
  func `a policy that this machine cannot follow skips the point, one that makes no difference is noted`(
    policy: MemoryPolicy
  ) throws {
    var placed = point
    placed.memory = policy
    let outcome = try run(StubSource(result: .success(StubKernel(error: 0))), point: placed)
    let row = outcome.result
    let nodes = Topology.read().processorNodes.count
    if policy == .remote && nodes < 2 {
      #expect(row.status == .skipped)
      #expect(row.reason?.contains("two memory nodes") == true)
    } else {
      #expect(row.status == .passed)
      if nodes == 1 && policy != .firstTouch {
        #expect(outcome.notes.contains { $0.text.contains("one memory node only: \(policy) is the same as local") })
      }
    }
  }

  @Test func `pages that moved during timing are noted`() throws {
    let found = try PlacedMemory(bytes: 8 << 20).verify()
    func report(_ pages: [Int: Int], _ notes: [String]) -> PlacementReport {
      var report = found
      report.pagesPerNode = pages
      report.notes = notes
      return report
    }
    #expect(placementNotes(before: report([0: 2048], ["a"]), after: report([0: 2048], ["a"])) == ["a"])
    #expect(
      placementNotes(before: report([0: 2048], ["a"]), after: report([0: 2000, 1: 48], ["b"]))
        == ["a", "b", "pages moved during timing, from 0:2048 to 0:2000 1:48"])
  }

  @Test(arguments: TableType.allCases)
  func `a look-up point runs with tables of its type`(type: TableType) throws {
    let factory = KernelFactory(
      experiment: try experiment("sweeps: [{name: a, set: {kernel: lookup}}]"), libraries: LibraryChoice())
    let lookup = Point(
      sweep: "a", kernel: .lookup, seed: 1, hidden: 32, output: 32, tables: 4, tableRows: 16, projection: .bh4,
      blockSize: 8, dtype: type, tokens: 8, threads: 1, strategy: LookupStrategy())
    let kernel = try factory.kernel(for: lookup, memory: HeapMemory()) as? LookupFFN
    #expect(kernel?.tableType == type)
  }

  // MARK: - Look-ups

  private let lookup = Point(
    sweep: "a", kernel: .lookup, seed: 1, hidden: 32, output: 100, tables: 6, tableRows: 16, projection: .bh4,
    blockSize: 8, tokens: 200, threads: 1, strategy: LookupStrategy(tokenTile: 64, columnSlice: 24, tableGroup: 2))

  private func factory() throws -> KernelFactory {
    KernelFactory(
      experiment: try experiment("sweeps: [{name: a, set: {kernel: lookup}}]"), libraries: LibraryChoice())
  }

  @Test func `a point that leaves its strategy open is tuned, and its row says what ran`() throws {
    var open = lookup
    open.lookup.strategy = nil
    let tuner = Autotuner(
      machine: try StrategyTunerTests.zen5(), fingerprint: MachineFingerprint(text: "here"), cache: nil)
    let outcome = try run(factory(), point: open, tuner: tuner)
    #expect(outcome.result.status == .passed, "\(outcome.result.reason ?? "")")
    #expect(outcome.result.pointID == open.id)
    #expect(outcome.result.int("tuned") == 1)
    let chosen = outcome.tuning.filter(\.chosen)
    #expect(chosen.count == 1)
    #expect(outcome.result.text("order") == chosen.first?.figures["order"]?.text)
    #expect(outcome.result.int("token_tile") == chosen.first?.figures["token_tile"]?.int)
    #expect(
      outcome.tuning.allSatisfy { $0.pointID == open.id && !$0.cached && $0.measuredNanosecondsPerToken ?? 0 > 0 })
    #expect(outcome.tuning.map(\.rank) == Array(1...outcome.tuning.count))
    // The default (slices of 128 bytes, all six tables) stays unless the fastest of the final beats it significantly.
    let rounds = outcome.tuning.map(\.rounds).max()
    let fastest = outcome.tuning.filter { $0.rounds == rounds }.compactMap(\.measuredNanosecondsPerToken).min()
    let isDefault =
      chosen.first?.strategyLabel.hasPrefix("sliced/") == true && chosen.first?.strategyLabel.contains("/32x6") == true
    #expect(isDefault || chosen.first?.measuredNanosecondsPerToken == fastest, "\(outcome.tuning)")
  }

  @Test(arguments: [TableType.fp32, .bf16])
  func `a point with a bf16 projection passes, and says where it ran widened to fp32`(dtype: TableType) throws {
    var rounded = lookup
    rounded.lookup.dtype = dtype
    rounded.lookup.projectionDtype = .bf16
    let outcome = try run(factory(), point: rounded)
    #expect(outcome.result.status == .passed, "\(outcome.result.reason ?? "")")
    #expect(outcome.result.text("projection_dtype") == "bf16")
    #expect(outcome.result.codeMismatches == 0)
    #expect(outcome.notes.contains { $0.kind == .arithmetic } == !ISA.best.multipliesBF16)
    #expect(try run(factory(), point: lookup).result.text("projection_dtype") == "fp32")
  }

  @Test func `the first launch of a point times its stages, and no other does`() throws {
    let outcome = try run(factory(), point: lookup)
    #expect(outcome.stageTimes.map(\.stage) == ["layer norm", "projection", "code and score", "gather"])
    #expect(outcome.stageTimes.allSatisfy { $0.pointID == lookup.id && $0.measuredNanosecondsPerToken > 0 })
    #expect(
      outcome.stageTimes.allSatisfy { $0.fastestNanosecondsPerToken ?? .infinity <= $0.measuredNanosecondsPerToken })
    #expect(try run(factory(), point: lookup, launch: 1).stageTimes.isEmpty)
  }

  @Test func `without a tuner such a point is skipped`() throws {
    var open = lookup
    open.lookup.strategy = nil
    #expect(try run(factory(), point: open).result.status == .skipped)
  }

  @Test(arguments: [WorkPartition.Axis.tokens, .tables])
  func `two threads pass the check with either partition`(partition: WorkPartition.Axis) throws {
    guard Topology.read().allowedCPUs.count >= 2 else { return }
    var point = lookup
    point.threads = 2
    point.lookup.partition = partition == .tables ? .tables : nil
    let outcome = try run(factory(), point: point)
    #expect(outcome.result.status == .passed, "\(outcome.result.reason ?? "")")
    #expect(outcome.result.text("partition") == partition.rawValue)
    #expect(outcome.result.int("tuned") == 0)
  }

  @Test func `tables replicated over one node are one copy, and the notes say so`() throws {
    var point = lookup
    point.memory = .replicated
    let outcome = try run(factory(), point: point)
    #expect(outcome.result.status == .passed)
    guard Topology.read().nodes.count < 2 else { return }
    #expect(outcome.notes.contains { $0.text.contains("one memory node only: replicated is the same as local") })
  }
}
