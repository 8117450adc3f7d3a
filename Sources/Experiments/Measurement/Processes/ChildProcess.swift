import CLinux
import Foundation
import Profiler
import Support

/// A program in a process of its own: this tool again, for work that may crash, hang, take all memory, or need a
/// library in a state of its own; or another tool such as gnuplot, git and Slurm's commands. It is killed with its
/// parent, however that ends. Signals that this process handles meanwhile do not disturb it.
public struct ChildProcess {
  /// How the process ended.
  public enum Ending: Equatable, Sendable {
    case exited(Int32)
    case signalled(Int32)
    /// Killed at the time limit, in seconds.
    case timedOut(Double)
  }

  public var ending: Ending
  public var output: Data
  /// The last line on standard error with text in it; for a crash, the one before its stack trace. Empty where there
  /// is none.
  public var lastMessage: String

  /// This tool's own executable.
  public static var own: URL { URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath() }

  /// Runs `executable` in `directory` (nil: the current one) with `input` on its standard input and waits at most
  /// `seconds` for its end. It starts without the variables that steer numerical libraries, and an interrupt of this
  /// process is passed on to it. Variables in `environment` are set for it. Throws
  /// `SystemError` where it cannot be started.
  public static func run(
    _ executable: URL = own, _ arguments: [String], in directory: String? = nil, input: Data = Data(),
    environment: [String: String] = [:], seconds: Double
  ) throws -> ChildProcess {
    let file = try check(input.withUnsafeBytes { linux_memory_file($0.baseAddress, $0.count) }, "memfd_create")
    defer { close(file) }
    let output = try Pipe()
    let messages = try Pipe()
    defer { for pipe in [output, messages] { pipe.closeReader() } }
    let child = try start(
      executable, arguments, directory, environment, [file, output.writer, messages.writer])
    output.closeWriter()
    messages.closeWriter()
    linux_pass_interrupt_to(child)
    defer { linux_pass_interrupt_to(0) }

    let deadline = Clock.now() + UInt64(seconds * 1e9)
    var status = Int32(LINUX_RUNNING)
    // A process may close both pipes long before it ends.
    if collect([output, messages], until: deadline) {
      let now = Clock.now()
      status = try check(linux_wait_within(child, deadline > now ? deadline - now : 0), "waitpid")
    }
    let isOver = status != Int32(LINUX_RUNNING)
    if !isOver {
      kill(child, SIGKILL)
      _ = try check(linux_wait(child), "waitpid")
    }
    let signalled = Int32(LINUX_SIGNALLED)
    return ChildProcess(
      ending: !isOver
        ? .timedOut(seconds) : status >= signalled ? .signalled(status - signalled) : .exited(status),
      output: output.data, lastMessage: lastLine(messages.data))
  }

  /// The reason why the process failed, in a line that ends with its last message; nil where it exited with 0.
  public var failure: String? {
    let words = lastMessage.isEmpty ? "" : ": \(lastMessage)"
    switch ending {
    case .exited(0): return nil
    case .exited(let code): return "ended with exit code \(code)\(words)"
    case .signalled(let number): return "ended by \(Self.name(ofSignal: number))\(words)"
    case .timedOut(let seconds): return "did not finish within \(Int(seconds)) s"
    }
  }

  static func name(ofSignal number: Int32) -> String {
    switch number {
    case SIGILL: return "SIGILL: it has instructions that this CPU lacks"
    case SIGKILL: return "SIGKILL, with which the kernel ends a process when memory runs out"
    case SIGABRT: return "SIGABRT"
    case SIGSEGV: return "SIGSEGV"
    case SIGBUS: return "SIGBUS"
    case SIGFPE: return "SIGFPE"
    case SIGTRAP: return "SIGTRAP"
    case SIGTERM: return "SIGTERM"
    case SIGINT: return "SIGINT"
    default: return "signal \(number)"
    }
  }

  // MARK: - Details

  private static func start(
    _ executable: URL, _ arguments: [String], _ directory: String?, _ variables: [String: String],
    _ descriptors: [Int32]
  ) throws -> Int32 {
    var environment = ProcessInfo.processInfo.environment
    for variable in LibraryVariables.found(in: environment) { environment[variable.name] = nil }
    // A crash is an expected result here, and the last message should be the crashing code's own.
    environment["SWIFT_BACKTRACE"] = "enable=no"
    environment.merge(variables) { _, new in new }
    return try withCStrings([executable.path] + arguments) { arguments in
      try withCStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
        try check(linux_spawn(executable.path, arguments, environment, directory, descriptors), executable.path)
      }
    }
  }

  private static func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) throws -> Result
  ) rethrows -> Result {
    let copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return try copies.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { preconditionFailure("an array with a last element has a base") }
      return try body(base)
    }
  }

  /// Reads both pipes to their ends; false where `deadline` comes first.
  private static func collect(_ pipes: [Pipe], until deadline: UInt64) -> Bool {
    while pipes.contains(where: { !$0.isAtEnd }) {
      let now = Clock.now()
      guard now < deadline else { return false }
      let open = pipes.filter { !$0.isAtEnd }
      var polled = open.map { pollfd(fd: $0.reader, events: Int16(POLLIN), revents: 0) }
      // Rounded up: polling with 0 until the last millisecond is over would spin.
      let milliseconds = min((deadline - now) / 1_000_000 + 1, UInt64(Int32.max))
      guard poll(&polled, nfds_t(polled.count), Int32(milliseconds)) > 0 else { continue }
      for (pipe, state) in zip(open, polled) where state.revents != 0 { pipe.read() }
    }
    return true
  }

  static func lastLine(_ data: Data) -> String {
    let lines = String(decoding: data, as: UTF8.self).unicodeScalars.split(whereSeparator: \.isLineBreak)
      .map { singleLine(String($0)).trimmingCharacters(in: .whitespaces) }
    // The runtime prints one frame a line, `19 lookahead 0x000055… <unavailable> + 1234`, under a title.
    let frame = #/\d+ .*0x[0-9a-f]{8,}/#
    return lines.last { line in
      !line.isEmpty && !line.hasPrefix("Current stack trace:") && line.prefixMatch(of: frame) == nil
    } ?? ""
  }

  /// Turns the shims' convention, -errno, into an error.
  private static func check(_ result: Int32, _ call: String) throws -> Int32 {
    guard result < 0 else { return result }
    throw SystemError(call: call, code: -result)
  }

  /// One direction of the communication with the child.
  private final class Pipe {
    let reader: Int32
    private(set) var writer: Int32
    private(set) var data = Data()
    private(set) var isAtEnd = false

    init() throws {
      var ends: [Int32] = [-1, -1]
      _ = try check(linux_pipe(&ends), "pipe2")
      reader = ends[0]
      writer = ends[1]
    }

    deinit { closeWriter() }

    func closeWriter() {
      if writer >= 0 { close(writer) }
      writer = -1
    }

    func closeReader() { close(reader) }

    /// Reads what is available; waits where there is nothing.
    func read() {
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      let count = Glibc.read(reader, &buffer, buffer.count)
      if count > 0 {
        data.append(contentsOf: buffer[0..<count])
      } else if count == 0 || errno != EINTR {
        isAtEnd = true
      }
    }
  }
}
