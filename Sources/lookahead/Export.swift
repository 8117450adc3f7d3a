import ArgumentParser
import Foundation
import RunStore
import Support

struct ExportCommand: ParsableCommand {
  enum Format: String, CaseIterable, ExpressibleByArgument { case csv, jsonl, all }

  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write everything that a run stored as tidy CSV files and JSON Lines, raw samples included.",
    discussion: """
      One file a table; docs/reference/formats.md names the columns. Missing is an empty cell in CSV and null in JSON.
      """
  )

  @Argument(help: "A run directory.")
  var directory: String

  @Option(help: "Where the files go; the run directory by default.")
  var output: String?

  @Option(help: "csv, jsonl or all.")
  var format = Format.all

  @Flag(help: "Print one JSON document: the files written.")
  var json = false

  func run() throws {
    let run = try RunDirectory(opening: directory)
    let target = output ?? directory
    // The run's own directory may hold them beside the run's files.
    let isOwn =
      URL(fileURLWithPath: target).resolvingSymlinksInPath()
      == URL(fileURLWithPath: directory).resolvingSymlinksInPath()
    let study = isOwn ? nil : try StudyDirectory(target, for: .export)
    for warning in try [run.disagreementWarning(), run.missingProjectionsWarning()].compactMap({ $0 }) {
      printMessage("warning: \(warning)")
    }
    var files: [String] = []
    func write(_ name: String, _ text: String) throws {
      if let study { try study.write(text, to: name) } else { try run.write(text, to: name) }
      files.append(URL(fileURLWithPath: target).appendingPathComponent(name).path)
    }
    for table in run.tables {
      if format != .jsonl { try write("\(table).csv", run.csv(table)) }
      if format != .csv { try write("\(table).jsonl", run.jsonLines(table)) }
    }
    if json { return try printJSON(["files": files]) }
    for file in files { print(file) }
  }
}
