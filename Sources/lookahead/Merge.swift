import ArgumentParser
import Measurement
import Plans
import Reports
import RunStore
import Studies
import Support

struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Join runs of one experiment that measured parts of its plan, and write the report of the whole.",
    discussion: """
      Parts are run directories of 'run --shard I/N'. A launch that several parts hold is stored once; merging again, \
      or with more parts, adds what is missing. Parts of different machines are refused. Exit code 3 where points \
      failed.
      """)

  @Argument(help: "Run directories of the same experiment.")
  var parts: [String]

  @Option(help: "The run directory to make or to add to.")
  var output: String

  @Flag(help: "Merge parts of different machines; every row names its machine.")
  var allowMixed = false

  @Flag(help: "Print one JSON document: the results, and the ids of the points that are missing.")
  var json = false

  func run() throws {
    let merge = try RunMerge(
      parts.map { RunMerge.Part(directory: $0) }, into: output, allowsMixedMachines: allowMixed)
    if merge.directory.manifest.modelled == true {
      if json { try printJSON(MergeDocument(results: [], missing: merge.missing.map(\.id))) }
      return try printProjected(merge)
    }
    try projectMissing(merge)
    try writeReport(merge.directory)
    if let warning = try merge.directory.disagreementWarning() { printMessage("warning: \(warning)") }
    let results = try merge.directory.store.rows(ResultRow.self)
    if json { try printJSON(MergeDocument(results: results, missing: merge.missing.map(\.id))) }
    let failed = results.count { $0.status == .failed }
    printMessage(
      "\(results.count { $0.status == .passed }) passed, \(failed) failed, \(results.count { $0.status == .skipped }) "
        + "skipped, \(merge.missing.count) missing; report in \(merge.directory.path)/report.md")
    if failed > 0 { throw ExitStatus.somePointsFailed.code }
  }
}

/// Makes the projections that parts lack because they were stopped early, once all points of their run are measured.
func projectMissing(_ merge: RunMerge) throws {
  let run = merge.directory
  guard merge.missing.isEmpty, try run.missingProjectionsWarning() != nil else { return }
  do {
    let experiment = try run.experiment()
    let progress = Progress()
    defer { progress.clear() }
    try ProjectionSweep(experiment, in: run, inputs: RunInputs(experiment)) { progress.show($0) }.run()
  } catch let error as InputError {
    // The run's machine or layer files are elsewhere. The measurements are complete.
    printMessage("the projections that are missing could not be made: \(error)")
  }
}

/// Prints how many points of a run without measurements are projected.
func printProjected(_ merge: RunMerge) throws {
  let statuses = try merge.directory.store.statuses().values
  printMessage(
    "\(statuses.count { $0 == .done }) points projected, \(statuses.count { $0 == .skipped }) skipped, "
      + "\(merge.missing.count) missing; \(merge.directory.path)/projections.csv")
}

private struct MergeDocument: Encodable {
  var results: [ResultRow]
  var missing: [String]
}
