import Foundation
import Machines
import Plans
import RunStore

/// A run in which nothing is measured: projects the points of its plan onto machines, and stores each point as it comes. It is
/// resumed, divided and merged like any other.
public struct ProjectionSweep {
  private let directory: RunDirectory
  private let experiment: Experiment
  private let projector: Projector
  private let isInterrupted: () -> Bool
  private let report: (RunEvent) -> Void

  public init(
    _ experiment: Experiment, in directory: RunDirectory, machines: [Machine],
    isInterrupted: @escaping () -> Bool = { Interruption.hasCome }, report: @escaping (RunEvent) -> Void
  ) {
    self.experiment = experiment
    self.directory = directory
    self.isInterrupted = isInterrupted
    self.report = report
    projector = Projector(runID: directory.manifest.runID, machines: machines, host: nil)
  }

  /// Projects what is missing, then exports. Throws `Interrupted` where it was asked to end; what is complete is stored.
  public func run() throws {
    let pending = try directory.pendingPoints()
    let total = try directory.pointIDs().count
    for (index, point) in pending.enumerated() {
      if isInterrupted() {
        try directory.exportCSV()
        throw Interrupted()
      }
      var notes: [String] = []
      let outcome = try projector.outcomes([point], experiment: experiment) { notes.append($0) }.first
      for note in notes { report(.message(note)) }
      try directory.store.finish(point.id, projected: outcome, reason: notes.last)
      report(.projected(point: point, done: total - pending.count + index + 1, total: total))
    }
    try directory.finish()
  }
}
