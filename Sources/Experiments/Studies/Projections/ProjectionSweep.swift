import Foundation
import HostModel
import Kernels
import Machines
import Measurement
import Plans
import RunStore

/// Projects the points of a run onto its machines and stores each point as it comes: the measured points, or, in a
/// run that measures nothing, those of the plan. The results are stored, so that such a run is resumed, divided and
/// merged like any other run.
public struct ProjectionSweep {
  private let directory: RunDirectory
  private let experiment: Experiment
  private let inputs: RunInputs
  private let isInterrupted: () -> Bool
  private let report: (RunEvent) -> Void

  public init(
    _ experiment: Experiment, in directory: RunDirectory, inputs: RunInputs,
    isInterrupted: @escaping () -> Bool = { Interruption.isRequested }, report: @escaping (RunEvent) -> Void
  ) {
    self.experiment = experiment
    self.directory = directory
    self.inputs = inputs
    self.isInterrupted = isInterrupted
    self.report = report
  }

  /// Projects what is missing, then exports and ends the run. Throws `Interrupted` on a request to end; complete
  /// points are stored by then.
  public func run() throws {
    if directory.manifest.modelled == true {
      try project(try directory.pendingPoints(), onto: inputs.machines, store: storePlanned)
    } else {
      try projectMeasured()
    }
    try directory.finish()
  }

  private func projectMeasured() throws {
    let points = try directory.unprojectedPoints()
    guard !points.isEmpty else { return }
    // The host as described at the end of the run.
    let host = try inputs.includesHost ? [Machine(contentsOf: "\(directory.path)/\(RunDirectory.hostMachineName)")] : []
    let machines = host + inputs.machines
    report(
      .message("projecting \(points.count) \(points.count == 1 ? "point" : "points") onto \(Self.names(machines))"))
    try project(points, onto: machines, store: storeMeasured)
  }

  private static func names(_ machines: [Machine]) -> String {
    machines.count > 3 ? "\(machines.count) machines" : machines.map(\.name).joined(separator: ", ")
  }

  private func project(
    _ points: [Point], onto machines: [Machine],
    store: (Point, () throws -> ProjectionOutcome) throws -> Void
  ) throws {
    let isModelled = directory.manifest.modelled == true
    // One projector for all points, because points that share an access stream are simulated once.
    let projector = Projector(
      runID: directory.manifest.runID, machines: machines, host: isModelled ? nil : Machine.hostName)
    let factory = KernelFactory(experiment: experiment)
    let results = Dictionary(
      try directory.store.rows(ResultRow.self).map { ($0.pointID, $0) }, uniquingKeysWith: { _, last in last })
    let total = isModelled ? try directory.pointIDs().count : points.count
    for (index, point) in points.enumerated() {
      if isInterrupted() {
        try directory.exportCSV()
        throw Interrupted()
      }
      try store(point) { try projector.outcome(point, factory, settled: results[point.id].flatMap(point.settled)) }
      report(.projected(point: point, done: total - points.count + index + 1, total: total))
    }
  }

  /// Stores a point that is not measured: its projection completes it, and without one it is skipped.
  private func storePlanned(_ point: Point, _ project: () throws -> ProjectionOutcome) throws {
    do {
      let outcome = try project()
      for note in outcome.notes { report(.message("\(point.label): \(note)")) }
      try directory.store.finish(point.id, projected: outcome, reason: nil)
    } catch let skipped as PointSkipped {
      let reason = "skipped \(point.label): \(skipped)"
      report(.message(reason))
      try directory.store.finish(point.id, projected: nil, reason: reason)
    }
  }

  /// Stores the projection of a measured point; the measurement stands whether or not there is one.
  private func storeMeasured(_ point: Point, _ project: () throws -> ProjectionOutcome) throws {
    var outcome = ProjectionOutcome()
    do { outcome = try project() } catch { outcome.notes = ["\(ProjectionOutcome.refusal): \(error)"] }
    try directory.store.add(outcome, of: point.id)
  }
}
