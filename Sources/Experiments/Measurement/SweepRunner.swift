import Foundation
import HostModel
import Kernels
import Machines
import Plans
import Profiler
import RunStore
import Support

/// Runs the missing launches of a run, each in a process of its own, and stores their outcomes.
public struct SweepRunner {
  private let experiment: Experiment
  private let inputs: RunInputs
  private let directory: RunDirectory
  private let topology: Topology
  private let options: Options
  private let steps: RunSetup.Steps
  private let launcher: any Launcher
  private let isInterrupted: () -> Bool
  private let report: (RunEvent) -> Void

  public struct Options {
    /// Files that the audit of the baseline tries in addition to the known ones.
    public var libraries: [String] = []
    /// The directory with earlier choices of strategies; nil for none.
    public var tuningDirectory: String?
    /// Whether points that failed are tried again, with all of their attempts.
    public var retriesFailed = false
    /// Whether a run may continue although its machine has changed.
    public var allowsMixedMachines = false
    /// Launches that another part of the run holds.
    package var measuredElsewhere: Set<RunStore.LaunchKey> = []

    public init() {}
  }

  public init(
    experiment: Experiment, inputs: RunInputs, directory: RunDirectory, topology: Topology, options: Options,
    report: @escaping (RunEvent) -> Void
  ) {
    let libraries = options.libraries
    self.init(
      experiment: experiment, inputs: inputs, directory: directory, topology: topology, options: options,
      steps: RunSetup.Steps(
        calibrate: { threads in
          try Calibration.measure(topology: topology, allThreads: threads, extent: .ofRuns) { report(.message($0)) }
        },
        audit: { layers, peaks in
          BaselineAudit(
            layers, candidates: LibraryCandidates.all(paths: libraries), peaks: peaks,
            progress: { report(.message($0)) })
        }, libraryFiles: libraries, facts: inputs.counters.facts),
      launcher: LaunchProcess(), isInterrupted: { Interruption.isRequested }, report: report)
  }

  /// A run with given ceilings, audit and launcher.
  init(
    experiment: Experiment, inputs: RunInputs, directory: RunDirectory, topology: Topology, options: Options,
    steps: RunSetup.Steps, launcher: any Launcher, isInterrupted: @escaping () -> Bool = { false },
    report: @escaping (RunEvent) -> Void
  ) {
    self.experiment = experiment
    self.inputs = inputs
    self.directory = directory
    self.topology = topology
    self.options = options
    self.steps = steps
    self.launcher = launcher
    self.isInterrupted = isInterrupted
    self.report = report
  }

  /// Runs what is missing. A point that fails is stored as failed and does not stop the run. Throws `Interrupted` on
  /// a request to end, after complete points are stored and exported. The projections come afterwards: see
  /// `ProjectionSweep` of the studies.
  public func run() throws {
    LibraryVariables.clear()
    for variable in LibraryVariables.found() {
      report(.message("cleared \(variable.name)=\(variable.value), which would steer a numerical library"))
    }
    try directory.store.closeOpenAttempts()
    var setup = try RunSetup.prepare(
      directory, topology: topology, steps: steps, allowsChange: options.allowsMixedMachines,
      isInterrupted: isInterrupted, report: report)
    do {
      try measure(&setup)
      if isInterrupted() { throw Interrupted() }
      try setup.describeHost(directory, topology: topology)
    } catch is Interrupted {
      try directory.store.noteDrift()
      try directory.exportCSV()
      throw Interrupted()
    }
    try directory.store.noteDrift()
    let audit = try directory.store.rows(AuditRow.self)
    try directory.store.replace(
      facts: FactRow.all(MachineState.capture(), .end, topology, audit, setup.calibration.missing) + steps.facts(.end),
      at: .end)
  }

  // MARK: - Launches

  private func measure(_ setup: inout RunSetup) throws {
    let schedule = Schedule(
      directory.plan, launches: experiment.measure.launches, seed: experiment.seed,
      isShuffled: experiment.order == .random)
    var ledger = try LaunchLedger(
      directory.store, schedule, retriesFailed: options.retriesFailed, elsewhere: options.measuredElsewhere)
    guard !ledger.pending.isEmpty else { return }
    let checks = try checkCounters()
    let time = try RunTime(directory.store)
    let drift = try DriftRecorder(directory, time, topology: topology)
    var remaining = RemainingTime(experiment, countsUnderValgrind: inputs.countsUnderValgrind)
    let countingDirectory = inputs.countsUnderValgrind ? try Self.makeCountingDirectory() : nil
    defer { if let countingDirectory { try? FileManager.default.removeItem(atPath: countingDirectory) } }
    // A pass under valgrind has as long once more.
    let timeout = experiment.measure.timeoutSeconds * (inputs.countsUnderValgrind ? 2 : 1)

    while let next = ledger.pending.first {
      if isInterrupted() { throw Interrupted() }
      if experiment.measure.calibrate == .everyLaunch {
        try setup.calibrate(before: next.launch, directory, steps: steps, isInterrupted: isInterrupted)
      }
      let point = next.point
      // Checked before each launch, because available memory changes.
      if let reason = point.infeasibility(topology: topology) {
        try skip(next, reason, &ledger, time)
        continue
      }
      var state = ledger.state(next, secondsLeft: remaining.seconds(for: ledger.pending.map(\.point)))
      report(.started(point: point, progress: state))
      var attempt = AttemptRow(
        runID: directory.manifest.runID, pointID: point.id, launch: next.launch, attempt: ledger.begin(next),
        position: next.position, status: .running, startNanoseconds: time.now)
      try directory.store.begin(attempt)
      var request = try request(for: next, setup, checks, time)
      request.countingDirectory = countingDirectory
      let start = Clock.now()
      let ending = launcher.launch(request, seconds: timeout)
      attempt.seconds = Double(Clock.now() - start) * 1e-9

      switch ending {
      case .reported(let launch):
        for message in launch.messages { report(.message(message)) }
        guard let outcome = launch.outcome else {
          attempt.status = .interrupted
          try directory.store.end(attempt)
          throw Interrupted()
        }
        attempt.overheadSeconds = max(0, (attempt.seconds ?? 0) - launch.seconds)
        attempt.status = AttemptRow.Status(outcome.result.status)
        attempt.reason = outcome.result.reason
        if !outcome.samples.isEmpty {
          attempt.samples = outcome.samples.count
          attempt.firstOrderIndex = outcome.samples.first?.orderIndex
        }
        try drift.read(nextOrderIndex: request.firstOrderIndex + outcome.samples.count)
        let result = try directory.store.finish(
          outcome, attempt, of: experiment.measure.launches, fmaPeak: request.fmaPeak)
        remaining.finished(point, seconds: attempt.seconds ?? 0)
        ledger.finished(next, result.status)
        state = ledger.state(next, secondsLeft: nil)
        report(.finished(result: result, progress: state))
      case .died(let reason):
        attempt.status = .died
        attempt.reason = reason
        try drift.read(nextOrderIndex: request.firstOrderIndex)
        // A child that ended because its parent was interrupted is not the point's failure.
        if isInterrupted() {
          attempt.status = .interrupted
          try directory.store.end(attempt)
          throw Interrupted()
        }
        try retryOrFail(next, attempt, reason, &ledger)
      }
    }
  }

  /// Retries a launch whose process died after all others, or marks its point failed.
  private func retryOrFail(
    _ launch: Schedule.Launch, _ attempt: AttemptRow, _ reason: String, _ ledger: inout LaunchLedger
  ) throws {
    let point = launch.point
    let left = ledger.died(launch, of: experiment.measure.attempts)
    if left > 0 {
      try directory.store.end(attempt)
      report(.message("\(point.label) \(reason); \(left == 1 ? "one attempt" : "\(left) attempts") left"))
      return
    }
    let tries = experiment.measure.attempts
    let result = row(
      point, .failed, "\(reason) (\(tries == 1 ? "one attempt" : "the last of \(tries) attempts"))")
    try directory.store.finish(PointOutcome(result: result), attempt, of: experiment.measure.launches, fmaPeak: nil)
    ledger.finished(launch, .failed)
    report(.finished(result: result, progress: ledger.state(launch, secondsLeft: nil)))
  }

  private func skip(
    _ launch: Schedule.Launch, _ reason: String, _ ledger: inout LaunchLedger, _ time: RunTime
  ) throws {
    let result = row(launch.point, .skipped, reason)
    let attempt = AttemptRow(
      runID: directory.manifest.runID, pointID: launch.point.id, launch: launch.launch,
      attempt: ledger.begin(launch), position: launch.position, status: .skipped, reason: reason,
      startNanoseconds: time.now)
    try directory.store.finish(PointOutcome(result: result), attempt, of: experiment.measure.launches, fmaPeak: nil)
    ledger.finished(launch, .skipped)
    report(.finished(result: result, progress: ledger.state(launch, secondsLeft: nil)))
  }

  private func row(_ point: Point, _ status: ResultStatus, _ reason: String) -> ResultRow {
    ResultRow(
      runID: directory.manifest.runID, host: directory.manifest.host, point: point, status: status, reason: reason)
  }

  private func request(
    for launch: Schedule.Launch, _ setup: RunSetup, _ checks: [CounterSelfCheck], _ time: RunTime
  ) throws -> LaunchRequest {
    let point = launch.point
    return LaunchRequest(
      point: point, launch: launch.launch, runID: directory.manifest.runID, host: directory.manifest.host,
      cpuModel: setup.state[FactName.cpuModel], experimentText: experiment.text, experimentFile: experiment.file,
      overrides: experiment.overrides, hostMachine: setup.host.yaml(), fingerprint: setup.fingerprint.text,
      tuningDirectory: options.tuningDirectory, libraries: setup.libraries.only(AuditLayer(point)),
      counterChecks: checks,
      fmaPeak: setup.calibration.value(
        Calibration.Name.multiplyAddPeak(point.network.arithmetic), threads: point.threads),
      clockStart: time.clockStart, firstOrderIndex: try directory.store.nextOrderIndex(),
      settled: try directory.store.measuredRow(of: point.id).flatMap(point.settled))
  }

  private static func makeCountingDirectory() throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("lookahead-\(UUID().uuidString)").path
    try WholeFile.makeDirectory(path)
    return path
  }

  /// Counts kernels of known work on one pinned thread and checks the events against it.
  private func checkCounters() throws -> [CounterSelfCheck] {
    let groups = inputs.counters.groups
    guard !groups.isEmpty else { return [] }
    let pool = try PinnedPool(cpus: Array(topology.allowedCPUs.prefix(1)))
    let checks = pool.map { _ in groups.flatMap { CounterSelfCheck.run($0) } }.flatMap { $0 }
    for check in checks where check.status == .suspect {
      report(.message("counter group \(check.group) is suspect: \(check.kernel.rawValue) \(check.reason)"))
    }
    return checks
  }
}

extension AttemptRow.Status {
  fileprivate init(_ result: ResultStatus) {
    switch result {
    case .passed: self = .passed
    case .failed: self = .failed
    case .skipped: self = .skipped
    }
  }
}
