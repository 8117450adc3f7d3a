import CacheModel
import Foundation
import InputFiles
import Kernels
import Profiler

/// What a run tells the person who waits for it.
public enum RunEvent {
  case message(String)
  /// `secondsLeft` is nil until the first point is done.
  case started(point: Point, done: Int, total: Int, secondsLeft: Double?)
  case finished(result: ResultRow, done: Int, total: Int)
}

/// What an experiment names and a run needs: read before anything is written or measured, because a misspelt name must
/// cost neither.
public struct RunInputs {
  let groups: [CounterGroup]
  /// Machines of the catalogue or of files, without the host.
  let machines: [Machine]
  /// Whether to project onto this host: where the experiment says so, or names no machine at all.
  let includesHost: Bool

  public init(_ experiment: Experiment) throws {
    groups = try experiment.counters.map { try CounterGroup.load($0) }
    let catalogue = try MachineCatalogue.bundled()
    machines = try experiment.machines.filter { $0 != Machine.hostName }.map { try catalogue.machine($0) }
    includesHost = experiment.machines.isEmpty || experiment.machines.contains(Machine.hostName)
  }
}

/// Walks a run directory's pending points in the plan's order and stores what comes of each.
public struct SweepRunner {
  private let experiment: Experiment
  private let inputs: RunInputs
  private let directory: RunDirectory
  private let topology: Topology
  private let tuningDirectory: String?
  private let calibrate: (Int) throws -> Calibration
  private let audit: ([AuditLayer], [ElementType: Double]) -> BaselineAudit
  private let report: (RunEvent) -> Void

  /// `libraries` are files that the audit of the baseline tries besides those it knows; `tuningDirectory` holds earlier
  /// choices of strategies, nil for none.
  public init(
    experiment: Experiment, inputs: RunInputs, directory: RunDirectory, topology: Topology, libraries: [String] = [],
    tuningDirectory: String? = TuningCache.defaultDirectory(), report: @escaping (RunEvent) -> Void
  ) {
    self.init(
      experiment: experiment, inputs: inputs, directory: directory, topology: topology,
      tuningDirectory: tuningDirectory, report: report,
      calibrate: { threads in
        try Calibration.measure(topology: topology, allThreads: threads, extent: .quick) { report(.message($0)) }
      },
      audit: { layers, peaks in
        BaselineAudit(
          layers, candidates: LibraryCandidates.all(paths: libraries), peaks: peaks, progress: { report(.message($0)) })
      })
  }

  /// A run whose ceilings and audit come from elsewhere: `calibrate` gets the most threads of any point, `audit` the layers
  /// and the multiply-add peaks of one thread.
  init(
    experiment: Experiment, inputs: RunInputs, directory: RunDirectory, topology: Topology,
    tuningDirectory: String? = nil, report: @escaping (RunEvent) -> Void,
    calibrate: @escaping (Int) throws -> Calibration,
    audit: @escaping ([AuditLayer], [ElementType: Double]) -> BaselineAudit
  ) {
    self.experiment = experiment
    self.inputs = inputs
    self.directory = directory
    self.topology = topology
    self.tuningDirectory = tuningDirectory
    self.report = report
    self.calibrate = calibrate
    self.audit = audit
  }

  /// Runs every pending point, then exports. A point that fails is stored as failed and does not stop the run.
  public func run() throws {
    let pending = try directory.pendingPoints()
    LibraryVariables.clear()
    for variable in LibraryVariables.found() {
      report(.message("cleared \(variable.name)=\(variable.value), which would steer a numerical library"))
    }

    let state = MachineState.capture()
    let threads = directory.plan.points.map(\.threads).max() ?? 1
    let calibration = try calibrate(threads)
    try directory.store.replace(ceilings: calibration.ceilings)
    let host = try Machine.host(
      calibration, topology: topology, vendor: state["cpu_vendor"], model: state[FactName.cpuModel])
    try directory.write(host.yaml(), to: RunDirectory.hostMachineName)
    let (libraries, used) = try chooseLibraries(pending, calibration)
    let missing = calibration.missing
    try directory.store.replace(facts: facts(state, .start, used, missing), at: .start)

    let machines = (inputs.includesHost ? [host] : []) + inputs.machines
    let runner = PointRunner(
      context: RunContext(
        experiment: experiment, runID: directory.manifest.runID, host: directory.manifest.host,
        cpuModel: state[FactName.cpuModel], topology: topology,
        kernels: KernelFactory(experiment: experiment, libraries: libraries), counterGroups: inputs.groups,
        counterChecks: try checkCounters(),
        fmaPeak: { calibration.value(Calibration.Name.multiplyAddPeak($0.arithmetic), threads: $0.threads) },
        projector: Projector(runID: directory.manifest.runID, machines: machines, host: Machine.hostName),
        tuner: Autotuner(
          machine: host, fingerprint: MachineFingerprint(state, topology: topology, machine: host),
          cache: tuningDirectory.map { TuningCache(directory: $0) { report(.message($0)) } }),
        clock: RunClock()))

    let total = directory.plan.points.count
    var done = total - pending.count
    let start = Clock.now()
    for (index, point) in pending.enumerated() {
      let elapsed = Double(Clock.now() - start) * 1e-9
      let left = index > 0 ? elapsed / Double(index) * Double(pending.count - index) : nil
      report(.started(point: point, done: done, total: total, secondsLeft: left))
      try directory.store.markRunning(pointID: point.id)
      let outcome = runner.run(point)
      try directory.store.finish(outcome)
      done += 1
      report(.finished(result: outcome.result, done: done, total: total))
    }
    try directory.store.replace(facts: facts(MachineState.capture(), .end, used, missing), at: .end)
    try directory.finish()
  }

  /// Counts kernels of known work on one pinned thread, and says which events cannot be believed here.
  private func checkCounters() throws -> [CounterSelfCheck] {
    guard !inputs.groups.isEmpty else { return [] }
    let pool = try PinnedPool(cpus: Array(topology.allowedCPUs.prefix(1)))
    let checks = pool.map { _ in inputs.groups.flatMap { CounterSelfCheck.run($0) } }.flatMap { $0 }
    for check in checks where check.status == .suspect {
      report(.message("counter group \(check.group) is suspect: \(check.kernel.rawValue) \(check.reason)"))
    }
    return checks
  }

  /// The audit's choice for the pending points, and the libraries that it comes to. Where no pending point has a product,
  /// an earlier audit's rows stay.
  private func chooseLibraries(
    _ pending: [Point], _ calibration: Calibration
  ) throws -> (LibraryChoice, used: Result<[BLAS], any Error>) {
    let layers = AuditLayer.all(pending)
    guard !layers.isEmpty else { return (LibraryChoice(), .success([])) }
    let audit = audit(layers, calibration.multiplyAddPeaks())
    try directory.store.replace(audit: audit.rows)
    let libraries = LibraryChoice(layers, audit)
    for problem in libraries.problems { report(.message(problem)) }
    let used = libraries.used(by: layers)
    switch used {
    case .success(let used): report(.message("the dense baseline is \(used.map(\.fullTitle).joined(separator: ", "))"))
    case .failure(let error): report(.message("dense points will be skipped: \(error)"))
    }
    return (libraries, used)
  }

  /// The machine's state, the caches that a report draws, the libraries behind the dense baseline, and why ceilings are
  /// missing.
  private func facts(
    _ state: MachineState, _ when: FactTime, _ blas: Result<[BLAS], any Error>, _ missing: [String: String]
  ) -> [FactRow] {
    var rows = state.facts.map { FactRow(when: when, name: $0.name, value: $0.value, reason: $0.reason) }
    let caches = topology.dataCaches(of: topology.allowedCPUs.first ?? 0)
    for (level, name) in [FactName.l1Bytes, FactName.l2Bytes, FactName.l3Bytes].enumerated() {
      let size = caches.first { $0.level == level + 1 }?.sizeBytes
      rows.append(
        FactRow(
          when: when, name: name, value: size.map(String.init), reason: size == nil ? "the system reports none" : nil))
    }
    switch blas {
    case .success(let libraries) where libraries.isEmpty:
      rows.append(FactRow(when: when, name: "blas", reason: "no point that was run has a product for a library"))
    case .success(let libraries):
      rows.append(FactRow(when: when, name: "blas", value: libraries.map(\.title).joined(separator: ", ")))
      let coreTypes = libraries.compactMap(\.coreType)
      rows.append(
        FactRow(
          when: when, name: "blas_core_type", value: coreTypes.isEmpty ? nil : coreTypes.joined(separator: ", "),
          reason: coreTypes.isEmpty ? "the library does not say" : nil))
    case .failure(let error):
      rows.append(FactRow(when: when, name: "blas", reason: "\(error)"))
    }
    return rows + missing.sorted { $0.key < $1.key }.map { FactRow(when: when, name: $0.key, reason: $0.value) }
  }
}
