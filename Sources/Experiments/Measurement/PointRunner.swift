import AccessStreams
import Foundation
import Kernels
import Plans
import Profiler
import RunStore
import Statistics
import Support

/// The input of a launch in addition to its point.
struct RunContext {
  let experiment: Experiment
  let runID: String
  let host: String
  let cpuModel: String?
  let topology: Topology
  let kernels: any KernelSource
  var counters: CounterPlan
  /// The measured multiply-add peak in 10^9 operations per second for a point's arithmetic and threads; nil where it
  /// was not measured.
  let fmaPeak: (Point) -> Double?
  /// Chooses strategies; nil where there is no model of the host.
  var tuner: Autotuner?
  /// The network with the strategy that an earlier launch chose, since all launches of a point run the same one.
  var chosen: (any Network)?
  /// The number of the point's process, from 0.
  var launch = 0
  /// Where programs are kept that valgrind runs; nil where it counts nothing.
  var countingDirectory: String?
  let clock: RunClock
  /// Checked between samples and steps.
  var isInterrupted: () -> Bool = { false }
}

/// The time since the start of the run and the number of samples so far, over all points.
final class RunClock {
  /// A reading of `Clock` at the start of the run; negative for a run that was resumed after a restart of the
  /// machine.
  private let start: Int
  private var samples: Int

  init(start: Int = Int(Clock.now()), samples: Int = 0) {
    self.start = start
    self.samples = samples
  }

  /// Nanoseconds since the run began.
  func elapsed(at time: UInt64) -> Int { Int(time) - start }

  func nextSample() -> Int {
    defer { samples += 1 }
    return samples
  }
}

/// Runs one point: builds it, checks its output, and only then times it and counts its events.
struct PointRunner {
  let context: RunContext

  /// Tokens compared with the reference before a point is timed. The scalar reference takes about 5 ms a token of the
  /// published dense layer, so 16 of them cost less than the measurement.
  private static let checkedTokens = 16

  /// An error of the point is its outcome; the function throws only `Interrupted`.
  func run(_ point: Point) throws -> PointOutcome {
    do {
      return try measured(point)
    } catch let interrupted as Interrupted {
      throw interrupted
    } catch let skipped as PointSkipped {
      return outcome(point, .skipped, "\(skipped)")
    } catch let refused as any NotAvailableError {
      // For instance huge pages that are not reserved: a limit of the machine, not a failure of the point.
      return outcome(point, .skipped, "\(refused)")
    } catch {
      return outcome(point, .failed, "\(error)")
    }
  }

  private func outcome(_ point: Point, _ status: ResultStatus, _ reason: String) -> PointOutcome {
    var row = ResultRow(runID: context.runID, host: context.host, point: point, status: status, reason: reason)
    row.cpuModel = context.cpuModel
    return PointOutcome(result: row)
  }

  private func measured(_ point: Point) throws -> PointOutcome {
    // The run has checked this already, but this process has limits of its own.
    if let shortage = point.memoryShortage() { throw PointSkipped(shortage) }
    let pool = try PinnedPool(cpus: available { try context.topology.cpus(for: point.cpus, threads: point.threads) })
    let tuning = try tuning(point, pool)
    var resolved = point
    if let chosen = context.chosen ?? tuning?.chosen { resolved.network = chosen }
    let prepared = try PreparedPoint(
      point, resolved: resolved, pool: pool, kernels: context.kernels, topology: context.topology)

    var row = row(point, prepared, resolved)
    try checkInterrupted()
    pool.run(prepared.work)
    let check = try prepared.check(tokens: sampledTokens(point, prepared.shares))
    // An error that is not finite is stored as missing, with the reason beside it.
    row.maxAbsError = check.maxAbsoluteError.isFinite ? check.maxAbsoluteError : nil
    row.codeMismatches = prepared.kernel.hasCodes ? check.codeMismatches : nil
    if let failure = check.failure {
      row.status = .failed
      row.reason = failure
      return PointOutcome(result: row, tuning: tuning?.rows ?? [])
    }

    let before = prepared.memory.verify()
    let start = Clock.now()
    while seconds(since: start) < context.experiment.measure.warmupSeconds {
      try checkInterrupted()
      pool.run(prepared.work)
    }
    let samples = try sample(point, pool, prepared.work, row: &row)
    let counting = PointCounting(
      plan: context.counters, runID: context.runID, point: point, launch: context.launch)
    var counters = counting.rows(pool, prepared.work)
    counters += try valgrindRows(point, prepared, resolved)
    try checkInterrupted()
    // Times count only if they were taken on the CPUs in the row.
    if let moved = pool.displacement() { throw ThreadMoved(description: "moved during timing: \(moved)") }

    var notes: [NoteRow] = []
    func note(_ kind: NoteRow.Kind, _ text: String) {
      notes.append(
        NoteRow(runID: context.runID, pointID: row.pointID, launch: context.launch, kind: kind, text: text))
    }
    if check.ambiguousTokens > 0 {
      note(.check, "\(check.ambiguousTokens) tokens not compared: a projection lies at 0")
    }
    if let before, let after = prepared.memory.verify() {
      row.set(before: before, after: after)
      for text in placementNotes(before: before, after: after) { note(.placement, text) }
    }
    let observations = try prepared.kernel.observations(input: prepared.input.base, tokens: point.tokens)
    for text in observations.notes { note(.arithmetic, text) }
    row.codeEntropyBits = observations.codeEntropyBits
    return PointOutcome(
      result: row, samples: samples, counters: counters,
      metrics: MetricRow.derived(from: counters, groups: context.counters.groups),
      // Only the first launch times the stages; further ones show the variance of the whole pass.
      stageTimes: context.launch == 0 ? try stageTimes(point, prepared) : [], tuning: tuning?.rows ?? [], notes: notes)
  }

  /// The row of a point before it runs.
  private func row(_ point: Point, _ prepared: PreparedPoint, _ resolved: Point) -> ResultRow {
    var row = ResultRow(runID: context.runID, host: context.host, point: point, status: .passed)
    row.settle(resolved.network)
    row.cpuModel = context.cpuModel
    row.isa = (point.isa.isa ?? .best).rawValue
    row.verifiedCPUs = prepared.pool.verifiedCPUs.map(String.init).joined(separator: " ")
    row.blas = prepared.kernel.blas?.fullTitle
    row.flopPerToken = prepared.kernel.accounts.reduce(0) { $0 + $1.flops }
    row.algorithmicBytesPerToken = prepared.kernel.accounts.reduce(0) { $0 + $1.algorithmicBytes(tokens: point.tokens) }
    return row
  }

  // MARK: - Steps

  /// Ends the point on a request to end; it will be measured anew.
  private func checkInterrupted() throws {
    if context.isInterrupted() { throw Interrupted() }
  }

  /// The strategy of a point that leaves it open, and the rows of its tuning; nil for all other points.
  private func tuning(_ point: Point, _ pool: PinnedPool) throws -> Autotuner.Outcome? {
    guard point.network.isOpen, context.chosen == nil else { return nil }
    guard let pass = point.pass else { throw PointSkipped("this CPU cannot run \(point.isa.rawValue)") }
    guard let tuner = context.tuner else {
      throw PointSkipped("order: auto needs a model of this host, and there is none")
    }
    return try tuner.tune(point, pass) {
      PlacedStrategyTimer(
        point: point, pass: pass, kernels: context.kernels, pool: pool,
        memory: PlacedSource(pool: pool, policy: point.memory, pages: point.pages, topology: context.topology))
    }
  }

  /// Once a point: what valgrind counts does not vary from process to process.
  private func valgrindRows(_ point: Point, _ prepared: PreparedPoint, _ resolved: Point) throws -> [CounterRow] {
    guard let group = context.counters.valgrind, let directory = context.countingDirectory, context.launch == 0 else {
      return []
    }
    let counting = ValgrindCounting(
      group: group, directory: directory, runID: context.runID, point: point, launch: context.launch)
    let timed = ValgrindCounting.Timed(
      prepared: prepared, resolved: resolved, isa: point.isa.isa ?? .best,
      layer: try point.layer.map { try context.experiment.path(ofLayer: $0) }, topology: context.topology)
    return counting.rows(
      timed, estimate: TimeEstimate.valgrindSeconds(point), limit: context.experiment.measure.timeoutSeconds)
  }

  /// The first and last token of every worker's share, and others at seeded random places.
  private func sampledTokens(_ point: Point, _ shares: [Range<Int>]) -> [Int] {
    var tokens = Set(shares.filter { !$0.isEmpty }.flatMap { [$0.lowerBound, $0.upperBound - 1] })
    var random = RandomSource(seed: point.seed)
    while tokens.count < min(PointRunner.checkedTokens, point.tokens) {
      tokens.insert(Int.random(in: 0..<point.tokens, using: &random))
    }
    return tokens.sorted()
  }

  private func sample(
    _ point: Point, _ pool: PinnedPool, _ work: (Int) -> Void, row: inout ResultRow
  ) throws -> [SampleRow] {
    var rule = StopRule(context.experiment.measure)
    var times: [(start: UInt64, wall: UInt64)] = []
    var previous = Clock.now()
    while rule.reason == nil {
      try checkInterrupted()
      let start = Clock.now()
      let wall = pool.timed(work)
      times.append((start, wall))
      let end = Clock.now()
      rule.add(nanoseconds: Double(wall), taking: Double(end - previous))
      previous = end
    }
    let statistics = Statistics(times.map { Double($0.wall) })
    if let statistics { row.set(statistics, stopReason: rule.reason) }
    if let gigaflops = row.gigaflopPerSecond, let peak = context.fmaPeak(point) {
      row.fractionOfFMAPeak = gigaflops / peak
    }
    return times.enumerated().map { index, time in
      SampleRow(
        runID: context.runID, pointID: point.id, launch: context.launch, sample: index,
        orderIndex: context.clock.nextSample(),
        startNanoseconds: context.clock.elapsed(at: time.start), wallNanoseconds: Double(time.wall),
        outlier: statistics?.outliers[index] ?? false)
    }
  }

  /// Passes from which the stages' times are taken. They are apart from the samples of the whole pass because each
  /// reads the clock more often. With five, the median is an undisturbed pass even if two are disturbed; more passes
  /// are made while they fit into the time that a micro-benchmark may spend on its fastest samples.
  private static let stagePasses = 5
  private static let stageSeconds = BuildConfiguration.isRehearsal ? 0 : 0.25

  /// The time of each stage with all threads working at once, as the mean over threads, for all passes. Empty for
  /// kernels that do not divide their work into stages.
  private func stageTimes(_ point: Point, _ prepared: PreparedPoint) throws -> [StageTimeRow] {
    let pool = prepared.pool
    let staged = prepared.workers.compactMap { $0 as? any StagedWorker }
    guard let stages = staged.first?.stages, staged.count == prepared.workers.count else { return [] }
    var passes: [[Double]] = []
    let start = Clock.now()
    while passes.count < PointRunner.stagePasses || seconds(since: start) < PointRunner.stageSeconds {
      try checkInterrupted()
      let perThread = pool.map { index in
        var nanoseconds = [UInt64](repeating: 0, count: stages.count)
        nanoseconds.withUnsafeMutableBufferPointer { buffer in
          guard let base = buffer.baseAddress else { return }
          pool.barrier()
          staged[index].run(
            input: prepared.input.base, output: prepared.output.base, clock: { Clock.now() }, nanoseconds: base)
        }
        return nanoseconds
      }
      passes.append(
        stages.indices.map { stage in perThread.reduce(0) { $0 + Double($1[stage]) } / Double(perThread.count) })
    }
    let tokens = Double(point.tokens)
    return stages.enumerated().map { index, stage -> StageTimeRow in
      let times = passes.map { $0[index] }.sorted()
      return StageTimeRow(
        pointID: point.id, stage: stage, measuredNanosecondsPerToken: quantile(times, 0.5) / tokens,
        fastestNanosecondsPerToken: times[0] / tokens)
    }
  }

  private func seconds(since start: UInt64) -> Double { Double(Clock.now() - start) * 1e-9 }
}

/// A thread that was not on its CPU at the end of its samples.
struct ThreadMoved: Error, CustomStringConvertible {
  let description: String
}

/// The notes of the two reports, each once, and the changes between them.
func placementNotes(before: PlacementReport, after: PlacementReport) -> [String] {
  var notes = before.notes + after.notes.filter { !before.notes.contains($0) }
  if let nodes = before.pagesPerNode, let later = after.pagesPerNode, nodes != later {
    notes.append("pages moved during timing, from \(before.pagesPerNodeText) to \(after.pagesPerNodeText)")
  }
  if let kind = before.hugeFraction, let later = after.hugeFraction, kind != later {
    notes.append("the share of huge pages changed during timing, from \(kind) to \(later)")
  }
  return notes
}
