import ArgumentParser
import Measurement
import Reports
import RunStore

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write the report of a run again: report.md, the CSV files and the plots.",
    discussion: "It reads what the run stored and measures nothing.")

  @Argument(help: "A run directory.")
  var directory: String

  @Flag(help: "Print one JSON document: the run's results.")
  var json = false

  func run() throws {
    let directory = try RunDirectory(opening: directory)
    for warning in try [directory.disagreementWarning(), directory.missingProjectionsWarning()].compactMap({ $0 }) {
      printMessage("warning: \(warning)")
    }
    Interruption.note()
    do { try writeReport(directory) } catch is Interrupted {
      printMessage("interrupted before the report was written; run the same command to write it")
      throw ExitStatus.failure.code
    }
    if json {
      try printJSON(["results": directory.store.rows(ResultRow.self)])
    } else {
      print("\(directory.path)/report.md")
    }
  }
}
