import Foundation
import TestSupport
import Testing

@testable import Measurement

@Suite(.process) struct ChildProcessTests {
  private let shell = URL(fileURLWithPath: "/bin/sh")

  private func shell(_ script: String, input: Data = Data(), seconds: Double = 30) throws -> ChildProcess {
    try ChildProcess.run(shell, ["-c", script], input: input, seconds: seconds)
  }

  @Test func `input goes in, output comes out, whatever their size`() throws {
    // More than a pipe holds.
    let input = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0) })
    let process = try shell("cat; echo done >&2", input: input)
    #expect(process.ending == .exited(0))
    #expect(process.output == input)
    #expect(process.failure == nil)
    #expect(process.lastMessage == "done")
  }

  @Test(arguments: [
    ("exit 7", "ended with exit code 7"), ("echo why >&2; exit 7", "ended with exit code 7: why"),
    ("kill -SEGV $$", "ended by SIGSEGV"), ("echo a >&2; echo b >&2; kill -ABRT $$", "ended by SIGABRT: b"),
    ("kill -KILL $$", "ended by SIGKILL, with which the kernel ends a process when memory runs out"),
    ("kill -USR1 $$", "ended by signal 10"),
    (
      "printf 'Fatal error: no memory\\nCurrent stack trace:\\n0    lookahead 0x00005555abcd <unavailable> + 12\\n' >&2; "
        + "kill -ABRT $$", "ended by SIGABRT: Fatal error: no memory"
    ),
  ])
  func `what went wrong is one line with the last words`(script: String, expected: String) throws {
    #expect(try shell(script).failure == expected)
  }

  @Test func `a process that hangs is killed`() throws {
    let process = try shell("exec sleep 1000", seconds: 0.1)
    #expect(process.ending == .timedOut(0.1))
    #expect(process.failure == "did not finish within 0 s")
  }

  @Test func `a process that hangs after it has closed its output is killed too`() throws {
    let process = try shell("exec >&- 2>&-; exec sleep 1000", seconds: 0.2)
    #expect(process.ending == .timedOut(0.2))
  }

  @Test func `it runs in the directory that is named, and one that is missing is an error`() throws {
    let process = try ChildProcess.run(URL(fileURLWithPath: "/bin/pwd"), ["-P"], in: "/usr", seconds: 30)
    #expect(process.output == Data("/usr\n".utf8))
    #expect(throws: (any Error).self) {
      try ChildProcess.run(URL(fileURLWithPath: "/bin/pwd"), [], in: "/no/such/directory", seconds: 1)
    }
  }

  @Test func `last words are one line without control characters`() throws {
    let process = try shell("printf 'a\\nb\\033[31m\\tc\\r' >&2; exit 1")
    #expect(process.lastMessage == "b\u{FFFD}[31m c")
  }

  @Test func `it starts without the variables that steer numerical libraries`() throws {
    setenv("OPENBLAS_CORETYPE", "Haswell", 1)
    defer { unsetenv("OPENBLAS_CORETYPE") }
    #expect(try shell("env").output.range(of: Data("OPENBLAS".utf8)) == nil)
  }

  @Test func `a program that is not there is an error with its name`() {
    do {
      _ = try ChildProcess.run(URL(fileURLWithPath: "/no/such/tool"), [], seconds: 1)
      Issue.record("it started")
    } catch { #expect("\(error)" == "/no/such/tool: No such file or directory") }
  }

  @Test func `nothing stays open, and no process stays behind`() throws {
    func descriptors() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
    _ = try shell("true")
    let before = try descriptors()
    for _ in 0..<5 { _ = try shell("echo a; echo b >&2") }
    #expect(try descriptors() == before)
  }
}
