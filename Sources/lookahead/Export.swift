import ArgumentParser
import Experiments
import Foundation
import InputFiles

struct ExportCommand: ParsableCommand {
  enum Format: String, CaseIterable, ExpressibleByArgument { case csv, jsonl, all }

  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write everything that a run stored as tidy CSV files and JSON Lines, raw samples included.",
    discussion: "One file a table; docs/FORMATS.md names the columns. Missing is an empty cell in CSV and null in JSON."
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
    do {
      try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
    } catch {
      throw InputError(file: target, "expected a directory that can be made: \(plainReason(error))")
    }
    var files: [String] = []
    func write(_ name: String, _ text: String) throws {
      let url = URL(fileURLWithPath: target).appendingPathComponent(name)
      try Data(text.utf8).write(to: url, options: .atomic)
      files.append(url.path)
    }
    for table in run.tables {
      if format != .jsonl { try write("\(table).csv", run.csv(table)) }
      if format != .csv { try write("\(table).jsonl", run.jsonLines(table)) }
    }
    if json { return try printJSON(["files": files]) }
    for file in files { print(file) }
  }
}
