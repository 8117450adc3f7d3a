import Foundation
import Measurement
import Support

/// The Slurm commands that a sweep needs. All of them start here; tests replace this by a recording.
public struct Slurm {
  /// The result of a command.
  public struct Answer {
    public var status: Int32
    public var output: String
    /// The last line on standard error.
    public var message: String

    public init(status: Int32 = 0, output: String = "", message: String = "") {
      self.status = status
      self.output = output
      self.message = message
    }
  }

  private let command: (_ name: String, _ arguments: [String]) throws -> Answer

  public init(command: @escaping (_ name: String, _ arguments: [String]) throws -> Answer) {
    self.command = command
  }

  /// The commands found in PATH. Throws `SlurmMissing` where there are none.
  public static func installed(path: String? = ProcessInfo.processInfo.environment["PATH"]) throws -> Slurm {
    let folders = (path ?? "").split(separator: ":").map(String.init)
    func find(_ name: String) throws -> URL {
      let candidates = folders.map { URL(fileURLWithPath: $0).appendingPathComponent(name) }
      guard let url = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else {
        throw SlurmMissing(command: name)
      }
      return url
    }
    for name in ["sbatch", "squeue"] { _ = try find(name) }
    return Slurm { name, arguments in
      let process = try ChildProcess.run(find(name), arguments, seconds: timeoutSeconds)
      guard case .exited(let status) = process.ending else {
        throw SlurmUnanswered(description: "\(name) \(process.failure ?? "ended")")
      }
      return Answer(
        status: status, output: String(decoding: process.output, as: UTF8.self), message: process.lastMessage)
    }
  }

  /// Longer than a busy controller takes to answer: Slurm's own MessageTimeout is 10 s by default, and commands try
  /// again.
  private static let timeoutSeconds = 120.0

  // MARK: - Verbs

  /// The result of an sbatch call that did not refuse the job.
  enum Submitted: Equatable {
    case job(String)
    /// There may be a job, whose number is unknown; the text says what is known.
    case unknown(String)
  }

  /// Submits a batch job. Throws only where sbatch refused it, so that there certainly is no job.
  func submit(_ arguments: [String]) throws -> Submitted {
    let answer: Answer
    do { answer = try ask("sbatch", arguments) } catch let error as SlurmUnanswered {
      return .unknown(error.description)
    }
    if let id = Self.jobID(in: answer.output) ?? Self.jobID(in: answer.message) { return .job(id) }
    let reply = [answer.output, answer.message].flatMap { $0.split(whereSeparator: \.isNewline) }
      .joined(separator: " | ")
    return .unknown(reply.isEmpty ? "sbatch said nothing" : "sbatch said '\(reply.prefix(200))'")
  }

  /// The job's number in the output of sbatch or a wrapper around it: `Submitted batch job N`, `N` or `N;CLUSTER` on
  /// a line of its own, with other lines before and after. Nil where no line holds one, or lines hold different ones.
  static func jobID(in output: String) -> String? {
    let lines = output.split(whereSeparator: \.isNewline)
    func number(_ text: Substring) -> String? {
      let digits = text.prefix { $0.isASCII && $0.isNumber }
      return digits.isEmpty || digits.allSatisfy { $0 == "0" } ? nil : String(digits)
    }
    let announced = lines.compactMap { line in
      line.range(of: "Submitted batch job ").flatMap { number(line[$0.upperBound...]) }
    }
    let bare = lines.compactMap { line -> String? in
      let fields = line.trimmingCharacters(in: .whitespaces)
        .split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
      guard let id = number(fields[0]), id.count == fields[0].count else { return nil }
      return id
    }
    let found = Set(announced.isEmpty ? bare : announced)
    return found.count == 1 ? found.first : nil
  }

  /// A task of an array in the output of squeue, which lists it for some minutes after its end.
  struct QueuedTask: Equatable {
    var jobID: String
    var task: Int
    /// The state, such as `RUNNING`.
    var state: String
    /// Empty while the task waits.
    var node: String
    /// The reason why it waits or ended.
    var reason: String

    /// Whether Slurm has finished it. An unknown state counts as alive, since waiting is safer than running twice.
    var hasEnded: Bool { Self.ends.contains(state) }

    private static let ends: Set<String> = [
      "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "REVOKED",
      "TIMEOUT",
    ]
  }

  /// The tasks of jobs; jobs that Slurm has forgotten have none.
  func queue(_ jobIDs: [String]) throws -> [QueuedTask] {
    guard !jobIDs.isEmpty else { return [] }
    let arguments = [
      "--noheader", "--array", "--states=all", "--format=%F|%K|%T|%N|%r", "--jobs=\(jobIDs.joined(separator: ","))",
    ]
    let answer = try command("squeue", arguments)
    // squeue reports this error where it has forgotten all of the jobs.
    if answer.status != 0, answer.message.contains("Invalid job id") { return [] }
    try Self.requireSuccess("squeue", answer)
    return try answer.output.split(separator: "\n").map { line in
      let fields = line.split(separator: "|", maxSplits: 4, omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces) }
      guard fields.count == 5, let task = Int(fields[1]) else {
        throw SlurmFailed("squeue: expected JOB|TASK|STATE|NODE|REASON, found '\(line)'")
      }
      return QueuedTask(jobID: fields[0], task: task, state: fields[2], node: fields[3], reason: fields[4])
    }
  }

  /// The exclusive upper bound of an array's task numbers; nil where the configuration does not state it.
  func maxArraySize() throws -> Int? {
    let lines = try ask("scontrol", ["show", "config"]).output.split(separator: "\n")
    return lines.first { $0.hasPrefix("MaxArraySize") }?.split(separator: "=").last
      .flatMap { Int($0.trimmingCharacters(in: .whitespaces)) }
  }

  private func ask(_ name: String, _ arguments: [String]) throws -> Answer {
    let answer = try command(name, arguments)
    try Self.requireSuccess(name, answer)
    return answer
  }

  private static func requireSuccess(_ name: String, _ answer: Answer) throws {
    guard answer.status != 0 else { return }
    let words = answer.message.hasPrefix("\(name): ") ? answer.message : "\(name): \(answer.message)"
    throw SlurmFailed(answer.message.isEmpty ? "\(name) ended with exit code \(answer.status)" : words)
  }
}

/// The error on a machine without Slurm.
public struct SlurmMissing: Error, CustomStringConvertible {
  let command: String

  public var description: String {
    "expected Slurm's '\(command)' in PATH, found none; run this on a host that submits to the cluster"
  }
}

/// The error of a Slurm command that was cut off; its effect is unknown.
struct SlurmUnanswered: Error, CustomStringConvertible {
  let description: String
}

/// The error for a job that may have been submitted, but whose number is unknown.
public struct SlurmJobUnnamed: Error, CustomStringConvertible {
  public let description: String
}

/// The error of a Slurm command that failed.
public struct SlurmFailed: Error, CustomStringConvertible {
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}
