import ArgumentParser
import Foundation
import Support

/// The exit codes that scripts rely on.
enum ExitStatus: Int32 {
  case failure = 1
  case regressionFound = 2
  case somePointsFailed = 3
  case invalidInput = 64

  var code: ExitCode { ExitCode(rawValue) }
}

/// Prints one line of text on standard error, which leaves standard output to data.
///
/// Control characters that a file brought into the text are made printable, so that it stays one line each.
func printMessage(_ text: String) {
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { printable(String($0)) }
  StandardStream.messages.write("lookahead: \(lines.joined(separator: "\n"))\n")
}

/// Prints an error as `printMessage` does, in lines of at most 300 characters.
func printError(_ error: any Error) {
  printMessage("error: " + errorLines(error, prefix: "lookahead: error: "))
}

/// Prints ArgumentParser's message about a wrong command line: the error, which quotes arguments, and the usage below
/// it.
func printUsage(_ text: String) {
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
    printable(String(line), atMost: line.hasPrefix("Error:") ? 300 : .max)
  }
  StandardStream.messages.write(lines.joined(separator: "\n") + "\n")
}

/// Prints text on standard output. It replaces Swift's own `print`, which ignores write errors, and makes control
/// characters in names printable.
func print(_ text: String, terminator: String = "\n") {
  StandardStream.output.write(visibleLines(text) + terminator)
}

/// Prints a whole document (YAML, CSV, a schema) on standard output, unchanged.
func printDocument(_ text: String) {
  StandardStream.output.write(text)
}

/// Prints one JSON document on standard output, with sorted keys, so that two outputs can be compared line by line.
///
/// Types encode absent values as optionals, which gives `null`: missing is missing, never 0.
func printJSON<Document: Encodable>(_ document: Document) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  StandardStream.output.write(try encoder.encode(document) + Data("\n".utf8))
}

/// Prints rows as aligned columns: the first left, the rest right.
func printTable(_ header: [String], _ rows: [[String]]) {
  let all = ([header] + rows).map { $0.map(singleLine) }
  let widths = header.indices.map { column in all.map { displayWidth($0[column]) }.max() ?? 0 }
  for row in all {
    print(row.enumerated().map { $1.padded(to: widths[$0], right: $0 > 0) }.joined(separator: "  "))
  }
}

/// A time in the unit that suits it.
func duration(_ seconds: Double) -> String {
  if seconds < 0.001 { return String(format: "%.0f us", seconds * 1e6) }
  if seconds < 1 { return String(format: "%.0f ms", seconds * 1e3) }
  if seconds < 120 { return String(format: "%.1f s", seconds) }
  return String(format: "%.0f min", seconds / 60)
}
