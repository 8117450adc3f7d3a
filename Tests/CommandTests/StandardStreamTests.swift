import Foundation
import TestSupport
import Testing

/// Failing output: a full disk, a closed stream, a reader that has closed the pipe.
@Suite(.process) struct StandardStreamTests {
  /// Runs a line of bash in which `la` is the tool; returns its output and exit code.
  private func bash(_ line: String, variables: [String: String] = [:]) throws -> (output: String, status: Int32) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", "la() { \"\(CommandLineTool.executable.path)\" \"$@\"; }\n\(line)"]
    process.environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
    let output = FileManager.default.temporaryDirectory.appendingPathComponent("lookahead-\(UUID().uuidString)")
    try Data().write(to: output)
    defer { try? FileManager.default.removeItem(at: output) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = process.standardOutput
    try process.run()
    process.waitUntilExit()
    return (try String(contentsOf: output, encoding: .utf8), process.terminationStatus)
  }

  @Test(arguments: ["machines list", "machines list --json", "schema", "--help", "help run"])
  func `data that cannot be written are a failure in one line`(command: String) throws {
    #expect(try bash("la \(command) 2>&1 > /dev/full") == ("lookahead: standard output: No space left on device\n", 1))
    #expect(try bash("la \(command) 2>&1 >&-") == ("lookahead: standard output: Bad file descriptor\n", 1))
  }

  @Test func `a reader that goes is no reason to complain`() throws {
    let (output, status) = try bash("la machines list --json | head -1; echo ${PIPESTATUS[0]}")
    // All of it may have fitted into the pipe before the reader closed it.
    #expect(["{\n141\n", "{\n0\n"].contains(output), "\(output)")
    #expect(status == 0)
    #expect(try bash("(sleep 0.3; la machines list --json) | true; echo ${PIPESTATUS[0]}").output == "141\n")
    #expect(
      try bash("trap '' PIPE; (sleep 0.3; la machines list --json) | true; echo ${PIPESTATUS[0]}").output == "1\n")
  }

  // Projecting shows its progress as a run does, and takes a fraction of the time.
  @Test(arguments: ["2> /dev/full", "2>&-", "2> >(exec true)", "<&- 2>&-"])
  func `work goes on and is stored whether or not messages can be written`(redirection: String) throws {
    try withDirectory { directory in
      let run = try project(in: directory, redirection)
      #expect(run.status == 0, "\(run.output)")
      #expect(FileManager.default.fileExists(atPath: "\(directory.path)/run/projections.csv"))
    }
  }

  @Test func `no file of a run takes the place of a closed stream`() throws {
    try withDirectory { directory in
      _ = try project(in: directory, "<&- >&- 2>&-")
      #expect(try bash("la export \(directory.path)/run").status == 0)
      let database = try #require(FileManager.default.contents(atPath: "\(directory.path)/run/results.sqlite"))
      #expect(database.prefix(15) == Data("SQLite format 3".utf8))
    }
  }

  @Test func `an interrupt while plots are drawn ends with the usual message and keeps what is stored`() throws {
    try withDirectory { directory in
      let run = directory.appendingPathComponent("run").path
      let fixture = CommandLineTool.root.appendingPathComponent("Tests/Fixtures/runs/two-socket-synthetic").path
      try FileManager.default.copyItem(atPath: fixture, toPath: run)
      try Data("the last one\n".utf8).write(to: URL(fileURLWithPath: "\(run)/report.md"))
      let database = FileManager.default.contents(atPath: "\(run)/results.sqlite")
      // A gnuplot that signals its start and runs for long. With job control, a job in the background does not ignore
      // the interrupt.
      let (output, status) = try bash(
        """
        set -m
        cd \(directory.path) && mkdir bin
        printf '#!/bin/sh\\ntouch %s/drawing\\nexec sleep 600\\n' "$PWD" > bin/gnuplot && chmod +x bin/gnuplot
        PATH=$PWD/bin:$PATH la report run & job=$!
        for ((wait = 0; wait < 1200; wait++)); do [ ! -e drawing ] || break; sleep 0.1; done
        kill -INT -$job; wait $job
        """)
      #expect(status == 1)
      #expect(output.contains("interrupted before the report was written"), "\(output)")
      #expect(try String(contentsOfFile: "\(run)/report.md", encoding: .utf8) == "the last one\n")
      #expect(FileManager.default.contents(atPath: "\(run)/results.sqlite") == database)
    }
  }

  private func project(in directory: URL, _ redirection: String) throws -> (output: String, status: Int32) {
    try Data(Tiny.experiment.utf8).write(to: directory.appendingPathComponent("tiny.yaml"))
    return try bash("cd \(directory.path) && la project tiny.yaml --machine epyc-7763 --output run \(redirection)")
  }

  @Test(arguments: [("TERM", "dumb"), ("TERM", ""), ("NO_COLOR", "1")])
  func `a terminal that understands no control sequences gets none`(name: String, value: String) throws {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/script") else { return }
    try withDirectory { directory in
      let file = directory.appendingPathComponent("tiny.yaml")
      try Data(Tiny.experiment.utf8).write(to: file)
      let command =
        "\(CommandLineTool.executable.path) project \(file.path) --machine epyc-7763 --output \(directory.path)/run"
      let (output, _) = try bash(
        "script -qec '\(command)' /dev/null < /dev/null", variables: ["TERM": "xterm"].merging([name: value]) { $1 })
      #expect(output.contains("projections of"), "\(output)")
      #expect(!output.contains("\u{1B}"))
    }
  }

  @Test(arguments: [
    ("--set 'name=../up'", "name: expected a name"), ("--set 'name=a/b'", "name: expected a name"),
    ("--set 'variant=\"a\\nb\"'", "variant: expected a name"),
  ])
  func `a name that is a path or no line is refused before anything is written`(option: String, expected: String) throws
  {
    try withDirectory { directory in
      let file = directory.appendingPathComponent("tiny.yaml")
      try Data(Tiny.experiment.utf8).write(to: file)
      let (output, status) = try bash(
        "cd \(directory.path) && la run tiny.yaml --allow-debug --quiet \(option)")
      #expect(status == 64, "\(output)")
      #expect(output.contains(expected) && output.split(separator: "\n").count == 1, "\(output)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["tiny.yaml"])
    }
  }

  @Test func `a run from someone else cannot name itself a path`() throws {
    try withDirectory { directory in
      #expect(try project(in: directory, "").status == 0)
      let run = directory.appendingPathComponent("run").path
      let manifest = URL(fileURLWithPath: "\(run)/manifest.json")
      let text = try String(contentsOf: manifest, encoding: .utf8)
      try Data(text.replacingOccurrences(of: "\"tiny\"", with: "\"../up\"").utf8).write(to: manifest)
      let (output, status) = try bash("la export \(run)")
      #expect(status == 64)
      #expect(output.contains("manifest.json: experiment: expected a name"), "\(output)")
    }
  }
}
