import Foundation
import HostModel
import Kernels
import Machines
import Plans
import Profiler
import RunStore
import Support

/// The results that a run obtains before its first point and stores: the ceilings of the machine, the host as a
/// machine file, and the library of each layer. A resumed run continues with the same ones.
struct RunSetup {
  /// All calibrations of the host so far, joined.
  var calibration: Calibration
  /// The rounds of launches that a calibration preceded, and the number of those rounds that `host` describes: one,
  /// while launches are left that need it.
  var calibratedRounds = [0]
  var calibrationsOfHost = 1
  /// The most threads of any point that can run here; a calibration measures as many.
  var threads = 1
  var host: Machine
  var libraries: LibraryChoice
  var fingerprint: MachineFingerprint
  /// The machine's state at the start.
  var state: MachineState
}

extension RunSetup {
  /// The part of the setup that the store holds as JSON, in addition to the tables.
  private struct Stored: Codable {
    var threads: Int
    var missing: [String: String]
    var libraries: LibraryChoice
    /// Files that the audit tried in addition to the known ones.
    var libraryFiles: [String]

    static let key = "setup"
  }

  /// Every sample of the calibrations, stored where there are several calibrations.
  private struct StoredSamples: Codable {
    var rounds: [Int]
    var calibrationsOfHost: Int
    var series: [CalibrationSeries]

    static let key = "calibration"
  }

  private func keepSamples(in store: RunStore) throws {
    let kept = StoredSamples(
      rounds: calibratedRounds, calibrationsOfHost: calibrationsOfHost, series: calibration.series)
    try store.setMeta(StoredSamples.key, String(decoding: LaunchCoding.encoder.encode(kept), as: UTF8.self))
  }

  /// Steps that tests replace.
  struct Steps {
    /// Its argument is the most threads of any point.
    var calibrate: (Int) throws -> Calibration
    /// Its arguments are the layers and the multiply-add peaks of one thread.
    var audit: ([AuditLayer], [ElementType: Double]) -> BaselineAudit
    /// Library files that the audit tries.
    var libraryFiles: [String] = []
    /// Facts in addition to the machine's.
    var facts: (FactTime) -> [FactRow] = { _ in [] }
  }

  /// Takes the setup over from an earlier part of the run, else measures and stores it. Throws `Interrupted` before
  /// anything is stored that an interrupt may have spoilt.
  static func prepare(
    _ directory: RunDirectory, topology: Topology, steps: Steps, allowsChange: Bool, isInterrupted: () -> Bool,
    report: (RunEvent) -> Void
  ) throws -> RunSetup {
    let state = MachineState.capture()
    // Points that cannot run here must not influence the calibration.
    let runnable = directory.plan.points.filter { $0.infeasibility(topology: topology, available: nil) == nil }
    let threads = runnable.map(\.threads).max() ?? 1
    if let known = try resumed(
      directory, state, topology, threads, steps, allowsChange: allowsChange, report: report)
    {
      return known
    }

    let calibration = try steps.calibrate(threads)
    if isInterrupted() { throw Interrupted() }
    let host = try host(calibration, topology, state)
    let layers = AuditLayer.all(runnable.filter { $0.memoryShortage() == nil })
    var libraries = LibraryChoice()
    var audit = BaselineAudit()
    if !layers.isEmpty {
      audit = steps.audit(layers, calibration.multiplyAddPeaks())
      libraries = LibraryChoice(layers, audit)
    }
    if isInterrupted() { throw Interrupted() }
    for layer in layers where !libraries.hasChoice(for: layer) {
      report(
        .message("no library could be audited for \(layer.name): its baseline is the first library found, if any"))
    }
    let titles = audit.rows.filter(\.chosen).reduce(into: [String]()) { titles, row in
      if !titles.contains(row.title) { titles.append(row.title) }
    }
    if !titles.isEmpty { report(.message("the dense baseline is \(titles.joined(separator: ", "))")) }

    try directory.write(host.yaml(), to: RunDirectory.hostMachineName)
    try directory.store.replace(ceilings: calibration.ceilings)
    try directory.store.replace(audit: audit.rows)
    try directory.store.replace(
      facts: FactRow.all(state, .start, topology, audit.rows, calibration.missing) + steps.facts(.start), at: .start)
    let setup = RunSetup(
      calibration: calibration, threads: threads, host: host, libraries: libraries,
      fingerprint: MachineFingerprint(state, topology: topology, machine: host), state: state)
    if try directory.experiment().measure.calibrate == .everyLaunch { try setup.keepSamples(in: directory.store) }
    // The setup is stored last, so that a stored one is complete.
    let kept = Stored(
      threads: threads, missing: calibration.missing, libraries: libraries, libraryFiles: steps.libraryFiles)
    try directory.store.setMeta(Stored.key, String(decoding: LaunchCoding.encoder.encode(kept), as: UTF8.self))
    return setup
  }

  private static func host(_ calibration: Calibration, _ topology: Topology, _ state: MachineState) throws -> Machine {
    try Machine.host(
      calibration, topology: topology, vendor: state["cpu_vendor"], model: state[FactName.cpuModel],
      generation: CPUGeneration.current()?.name)
  }

  /// Calibrates again where no calibration has preceded this round, and adds the result. Launches continue with the
  /// host as they know it. Throws `Interrupted` before anything is stored that an interrupt may have spoilt.
  mutating func calibrate(
    before round: Int, _ directory: RunDirectory, steps: Steps, isInterrupted: () -> Bool
  ) throws {
    guard round > calibratedRounds.last ?? 0 else { return }
    let again = try steps.calibrate(threads)
    if isInterrupted() { throw Interrupted() }
    calibration.add(again)
    calibratedRounds.append(round)
    try directory.store.replace(ceilings: calibration.ceilings)
    try keepSamples(in: directory.store)
  }

  /// Describes the host by all calibrations together, once no launch is left that needs `host`. Does nothing where
  /// there was one calibration only.
  mutating func describeHost(_ directory: RunDirectory, topology: Topology) throws {
    guard calibrationsOfHost < calibratedRounds.count else { return }
    host = try RunSetup.host(calibration, topology, state)
    try directory.write(host.yaml(), to: RunDirectory.hostMachineName)
    calibrationsOfHost = calibratedRounds.count
    try keepSamples(in: directory.store)
  }

  /// Nil where no setup is stored, or where it was made for other libraries.
  private static func resumed(
    _ directory: RunDirectory, _ state: MachineState, _ topology: Topology, _ threads: Int, _ steps: Steps,
    allowsChange: Bool, report: (RunEvent) -> Void
  ) throws -> RunSetup? {
    guard let text = try directory.store.meta(Stored.key),
      let kept = try? LaunchCoding.decoder.decode(Stored.self, from: Data(text.utf8)), kept.threads == threads,
      kept.libraryFiles == steps.libraryFiles,
      let host = try? Machine(contentsOf: "\(directory.path)/\(RunDirectory.hostMachineName)")
    else { return nil }
    let before = MachineState(try directory.store.rows(FactRow.self), .start)
    let changes = before.identityChanges(to: state)
    if !changes.isEmpty {
      let lines = changes.flatMap {
        ["- \($0.name): \($0.before ?? "unknown")", "+ \($0.name): \($0.after ?? "unknown")"]
      }
      guard allowsChange else { throw MachineMismatch.error(directory.path, lines) }
      report(
        .message("the machine has changed since this run began: \(changes.map(\.name).joined(separator: ", "))"))
    }
    let samples = try directory.store.meta(StoredSamples.key).flatMap {
      try? LaunchCoding.decoder.decode(StoredSamples.self, from: Data($0.utf8))
    }
    return RunSetup(
      calibration: Calibration(
        ceilings: try directory.store.rows(), series: samples?.series ?? [], missing: kept.missing),
      calibratedRounds: samples?.rounds ?? [0], calibrationsOfHost: samples?.calibrationsOfHost ?? 1,
      threads: threads, host: host,
      libraries: kept.libraries, fingerprint: MachineFingerprint(state, topology: topology, machine: host), state: state
    )
  }
}

/// Refuses to resume a run on a machine that has changed.
enum MachineMismatch {
  static func error(_ path: String, _ lines: [String]) -> InputError {
    InputError(
      file: path,
      "this run started on another machine or under other settings (- then, + now); restore them, choose another "
        + "directory, or pass --allow-mixed to continue:", details: lines.map { "  \($0)" })
  }
}

extension FactRow {
  /// The machine's state, the cache capacities that reports draw, the libraries behind the dense baseline, and the
  /// reasons for missing ceilings.
  static func all(
    _ state: MachineState, _ when: FactTime, _ topology: Topology, _ audit: [AuditRow], _ missing: [String: String]
  ) -> [FactRow] {
    var rows = state.facts.map { FactRow(when: when, name: $0.name, value: $0.value, reason: $0.reason) }
    let caches = topology.dataCaches(of: topology.allowedCPUs.first ?? 0)
    for (level, name) in [FactName.l1Bytes, FactName.l2Bytes, FactName.l3Bytes].enumerated() {
      let size = caches.first { $0.level == level + 1 }?.sizeBytes
      rows.append(
        FactRow(
          when: when, name: name, value: size.map(String.init), reason: size == nil ? "the system reports none" : nil))
    }
    let chosen = audit.filter(\.chosen)
    func value(_ name: String, _ values: [String], _ reason: String) -> FactRow {
      var unique: [String] = []
      for value in values where !unique.contains(value) { unique.append(value) }
      return unique.isEmpty
        ? FactRow(when: when, name: name, reason: reason)
        : FactRow(when: when, name: name, value: unique.joined(separator: ", "))
    }
    rows.append(
      value(
        "blas", chosen.map { [$0.library, $0.version].compactMap { $0 }.joined(separator: " ") },
        audit.isEmpty ? "no point has a product for a library" : "no library could be audited"))
    if !chosen.isEmpty {
      rows.append(value("blas_core_type", chosen.compactMap(\.coreType), "the library does not say"))
    }
    return rows + missing.sorted { $0.key < $1.key }.map { FactRow(when: when, name: $0.key, reason: $0.value) }
  }
}
