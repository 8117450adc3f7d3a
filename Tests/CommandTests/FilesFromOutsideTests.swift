import Foundation
import TestSupport
import Testing

/// Input as pipes, names that are not UTF-8, and files of other programs.
@Suite(.process) struct FilesFromOutsideTests {
  private static let trace = "2 400100 4\n0 1000 8\n1 1040 8\n0 1000 8\n0 2000 8\n1 1040 8\n"

  /// Runs a line of bash in `directory`, in which `$0` is the tool; its output holds the messages too.
  private func bash(_ line: String, in directory: URL) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", "{ \(line); } > all.out 2>&1", CommandLineTool.executable.path]
    process.currentDirectoryURL = directory
    try process.run()
    process.waitUntilExit()
    let output = try Data(contentsOf: directory.appendingPathComponent("all.out"))
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  private func withTrace(_ body: (URL) throws -> Void) throws {
    try withDirectory { directory in
      try Data(Self.trace.utf8).write(to: directory.appendingPathComponent("t.din"))
      try body(directory)
    }
  }

  @Test(
    arguments: ["<(cat t.din)", "/dev/stdin < <(cat t.din)", "/dev/stdin < t.din", "f < <(cat t.din > f)"],
    ["", "--format din"])
  func `a trace from a pipe gives what its file gives`(source: String, format: String) throws {
    try withTrace { directory in
      let file = try bash("\"$0\" mrc --trace t.din", in: directory)
      let piped = try bash("mkfifo f; timeout 20 \"$0\" mrc \(format) --trace \(source)", in: directory)
      #expect(file.output.hasPrefix("5 line accesses"))
      #expect(piped.output == file.output)
      #expect(piped.status == 0)
    }
  }

  @Test func `several machines take one pipe together, beyond its first chunk`() throws {
    try withDirectory { directory in
      let text = (0..<40_000).map { "0 \(String($0 % 5000 * 64, radix: 16)) 8\n" }.joined()
      try Data(text.utf8).write(to: directory.appendingPathComponent("t.din"))
      let machines = "--machine epyc-7742 a64fx --json"
      let file = try bash("\"$0\" simulate --trace t.din \(machines)", in: directory)
      let pipe = try bash("\"$0\" simulate --trace <(cat t.din) \(machines)", in: directory)
      #expect(file.output.contains("\"accesses\" : 40000"))
      #expect(pipe.output == file.output)
    }
  }

  @Test func `an experiment, a machine and a layer are read from a pipe`() throws {
    try withDirectory { directory in
      try Data(Tiny.experiment.utf8).write(to: directory.appendingPathComponent("e.yaml"))
      try Data(Self.trace.utf8).write(to: directory.appendingPathComponent("t.din"))
      let plan = try bash("cat e.yaml | \"$0\" run /dev/stdin --dry-run", in: directory)
      #expect(plan.status == 0, "\(plan.output)")
      let machine = try bash(
        "\"$0\" machines show a64fx > m.yaml; \"$0\" simulate --machine <(cat m.yaml) --trace t.din", in: directory)
      #expect(machine.output.hasPrefix("5 line accesses"), "\(machine.output)")
      let layer = try bash("\"$0\" verify <(cat '\(Tiny.layer.path)')", in: directory)
      #expect(layer.output.hasPrefix("passed"), "\(layer.output)")
    }
  }

  @Test(arguments: ["mrc --trace", "verify", "run", "machines check"])
  func `an endless file is refused`(verb: String) throws {
    try withDirectory { directory in
      let outcome = try bash("timeout 20 \"$0\" \(verb) /dev/zero", in: directory)
      #expect(outcome.status == 64)
      #expect(outcome.output.hasPrefix("lookahead: error: /dev/zero"), "\(outcome.output)")
    }
  }

  @Test func `a name that is not UTF-8 opens, and another such argument is refused`() throws {
    try withTrace { directory in
      let name = "$(printf 'mess\\xfcng.din')"
      for option in ["--trace \"\(name)\"", "--trace=\"\(name)\""] {
        let outcome = try bash("cp t.din \"\(name)\"; \"$0\" mrc \(option)", in: directory)
        #expect(outcome.output.hasPrefix("5 line accesses"), "\(outcome.output)")
      }
      let missing = try bash("\"$0\" mrc --trace \"$(printf 'not\\xfc')\"", in: directory)
      #expect(missing.status == 64)
      #expect(missing.output.contains("bytes that are not UTF-8"))
    }
  }

  @Test
  func `what a file or an argument holds reaches no terminal raw, and an error is a line of at most 300 characters`()
    throws
  {
    try withDirectory { directory in
      let noise = "\u{1b}]0;title\u{7}\u{202e}" + String(repeating: "long", count: 500)
      try Data("0 40 8\n0 \(noise)\n".utf8).write(to: directory.appendingPathComponent("t.din"))
      try Data("schema: \"\\e[31m\(String(repeating: "x", count: 900))\"\n".utf8)
        .write(to: directory.appendingPathComponent("m.yaml"))
      let lines = [
        "mrc --trace t.din", "machines check m.yaml", "run m.yaml", "mrc --trace $'\\e[31m'none",
        "mrc $'\\e[31m'\(noise.suffix(900))",
        "run m.yaml --set $'name\\e=x'", "verify t.din",
      ]
      for line in lines {
        let outcome = try bash("\"$0\" \(line)", in: directory)
        #expect(outcome.status == 64, "\(line): \(outcome.output)")
        let first = outcome.output.split(separator: "\n").first ?? ""
        #expect(first.unicodeScalars.count <= 300, "\(line): \(first)")
        let raw = outcome.output.unicodeScalars.contains { ($0.value < 0x20 && $0 != "\n") || $0 == "\u{202e}" }
        #expect(!raw, "\(line): \(outcome.output)")
      }
    }
  }

  @Test func `what a run reads again in each of its processes is no pipe`() throws {
    try withDirectory { directory in
      let text = Tiny.experiment.replacingOccurrences(of: "[host, epyc-7763]", with: "[/dev/stdin]")
      try Data(text.utf8).write(to: directory.appendingPathComponent("e.yaml"))
      let outcome = try bash("echo | \"$0\" run e.yaml --output r --allow-debug; ls r", in: directory)
      #expect(
        outcome.output.contains("/dev/stdin: expected a regular file, because each launch of a run reads it again"))
      #expect(outcome.output.contains("No such file"), "\(outcome.output)")
    }
  }

  @Test func `a sample that follows no line is refused`() throws {
    try withTrace { directory in
      let outcome = try bash("\"$0\" mrc --trace t.din --sample 0.0000001", in: directory)
      #expect(outcome.status == 64)
      #expect(
        outcome.output.contains("sample: expected a rate that follows some line of the trace"), "\(outcome.output)")
    }
  }
}
