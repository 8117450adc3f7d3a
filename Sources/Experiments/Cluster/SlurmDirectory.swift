import Foundation
import Plans
import Profiler
import RunStore
import Support

/// The directory of a sweep on a cluster, on a file system that the submitting host and the nodes share. Its files
/// are written whole, and it holds no open database.
public struct SlurmDirectory {
  public let path: String
  public let job: SlurmJob
  /// The plan as made on the submitting host.
  public let plan: Plan

  static let jobName = "job.json"
  static let planName = "plan.jsonl"
  static let scriptName = "task.sh"
  static let partsName = "parts"
  static let logsName = "logs"
  static let submissionsName = "submissions"

  /// The path of the whole run that `collect` makes by default.
  public var runPath: String { "\(path)/run" }

  /// A call of sbatch.
  public struct Submission: Codable, Equatable, Sendable {
    /// Nil where sbatch gave no answer.
    public var jobID: String?
    public var tasks: [Int]
    public var submitted: String

    enum CodingKeys: String, CodingKey {
      case jobID = "job_id"
      case tasks, submitted
    }
  }

  /// Makes the directory of `job` at an absent or empty path.
  public static func create(at path: String, job: SlurmJob, plan: Plan) throws -> SlurmDirectory {
    try WholeFile.requireName(path)
    let path = URL(fileURLWithPath: path).standardizedFileURL.path
    try requireReadable(path)
    let files = FileManager.default
    if let first = try? files.contentsOfDirectory(atPath: path).sorted().first {
      throw InputError(file: path, "expected an empty directory or none, found '\(first)' in it")
    }
    let directory = SlurmDirectory(path: path, job: job, plan: plan)
    do {
      for name in [partsName, logsName, submissionsName] {
        try files.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
      }
      try directory.write(SlurmJob.script, to: scriptName)
      try directory.write(plan.jsonLines(), to: planName)
      // The job's file comes last, because its presence makes the directory a job.
      try directory.write(Self.json(job), to: jobName)
    } catch {
      throw InputError(file: path, "expected a directory that can be written to: \(plainReason(error))")
    }
    return directory
  }

  /// Slurm replaces `%` and removes `\` in the paths of a job's files.
  private static func requireReadable(_ path: String) throws {
    guard
      let wrong = path.unicodeScalars.first(where: {
        $0 == "%" || $0 == "\\" || $0.properties.generalCategory == .control
      })
    else { return }
    let name = wrong.properties.generalCategory == .control ? "a control character" : "'\(wrong)'"
    throw InputError(file: path, "expected a path that Slurm can read, found \(name) in it, which it would change")
  }

  public init(opening path: String) throws {
    let path = URL(fileURLWithPath: path).standardizedFileURL.path
    let file = "\(path)/\(Self.jobName)"
    guard FileManager.default.fileExists(atPath: file) else {
      throw InputError(file: path, "expected the directory of a 'slurm submit', found no \(Self.jobName)")
    }
    guard let job = try readJSONFile(SlurmJob.self, at: file), job.schema == SlurmJob.schema, job.tasks >= 1 else {
      throw InputError(file: file, "expected a job of \(SlurmJob.schema)")
    }
    let planPath = "\(path)/\(Self.planName)"
    let plan = try Plan(jsonLines: readRunFile(planPath), file: planPath)
    guard job.tasks <= max(1, plan.points.count) else {
      throw InputError(
        file: file, key: "tasks", "expected at most one for each of \(plan.points.count) points, found \(job.tasks)")
    }
    guard job.seconds.values.allSatisfy({ (0...1e12).contains($0) }) else {
      throw InputError(file: file, key: "seconds", "expected times from 0 to 1e12 s")
    }
    self.init(path: path, job: job, plan: plan)
  }

  private init(path: String, job: SlurmJob, plan: Plan) {
    self.path = path
    self.job = job
    self.plan = plan
  }

  // MARK: - Parts

  /// The parts that tasks have measured, by task; a task that was started again has one for each start. Task 0 stands
  /// for parts that existed before the job.
  func parts() throws -> [Int: [RunArchive]] {
    var parts: [Int: [RunArchive]] = [:]
    for name in try names(in: Self.partsName) {
      guard !name.hasPrefix("."), name.hasSuffix("." + RunArchive.fileExtension),
        let task = name.split(separator: "-").first.flatMap({ Int($0) })
      else { continue }
      parts[task, default: []].append(RunArchive(path: "\(path)/\(Self.partsName)/\(name)"))
    }
    return parts
  }

  /// The part of `task` with the run's id `runID`.
  func part(_ task: Int, runID: String) -> RunArchive {
    RunArchive(path: "\(path)/\(Self.partsName)/\(task)-\(runID).\(RunArchive.fileExtension)")
  }

  /// Adds a run that was started elsewhere to the parts.
  public func take(_ run: RunDirectory) throws {
    try part(0, runID: run.manifest.runID).write(run)
  }

  // MARK: - Submissions

  public func submissions() throws -> [Submission] {
    try submissionNumbers().map { number in
      let file = submissionPath(number)
      guard let submission = try readJSONFile(Submission.self, at: file) else {
        throw InputError(file: file, "expected a submission of \(SlurmJob.schema)")
      }
      return submission
    }
  }

  /// Submits `tasks` and records the submission; returns the job's number. Throws where another process is
  /// submitting, and where sbatch refuses the job, which then is not recorded. Throws `SlurmJobUnnamed` where there
  /// may be a job whose number is unknown, which stays recorded without one. Tasks run `tool`, by default the job's.
  @discardableResult
  public func submit(_ tasks: [Int], to slurm: Slurm, tool: String? = nil) throws -> String {
    if let limit = try slurm.maxArraySize(), let last = tasks.max(), last >= limit {
      throw InputError(
        key: "--tasks", "expected at most \(limit - 1), this cluster's MaxArraySize less one, found \(last)")
    }
    let file = submissionPath((try submissionNumbers().last ?? 0) + 1)
    var submission = Submission(jobID: nil, tasks: tasks, submitted: Manifest.timestamp(Date()))
    do {
      // The process that creates the file submits the job.
      try Data(Self.json(submission).utf8).write(to: URL(fileURLWithPath: file), options: .withoutOverwriting)
    } catch {
      throw SlurmFailed("\(file) cannot be made; does another 'slurm collect' run? (\(plainReason(error)))")
    }
    do {
      switch try slurm.submit(job.arguments(tasks: tasks, in: path, tool: tool)) {
      case .job(let id): submission.jobID = id
      case .unknown(let reply):
        throw SlurmJobUnnamed(
          description:
            "\(reply): there may be a job, but its number is not known; \(path) stays as it is. 'squeue --me' shows whether a "
            + "job \(job.slurmName) is there: \(Self.namingAdvice(file))")
      }
    } catch let error as SlurmJobUnnamed {
      throw error
    } catch {
      try? FileManager.default.removeItem(atPath: file)
      throw error
    }
    try write(Self.json(submission), to: "\(Self.submissionsName)/\(URL(fileURLWithPath: file).lastPathComponent)")
    return submission.jobID ?? ""
  }

  /// Advice for a submission whose job has no number.
  private static func namingAdvice(_ file: String) -> String {
    "if so, write its number as \"job_id\" into \(file), else remove that file"
  }

  /// Advice for submissions whose job number is unknown, with their tasks.
  func unnamedSubmissions() throws -> [(tasks: [Int], advice: String)] {
    try zip(submissionNumbers(), submissions()).filter { $1.jobID == nil }.map { number, submission in
      (submission.tasks, Self.namingAdvice(submissionPath(number)))
    }
  }

  /// Removes what `create` made, as long as nothing came of it. Other files stay.
  public func remove() throws {
    let files = FileManager.default
    for name in try names(in: Self.partsName) { try files.removeItem(atPath: "\(path)/\(Self.partsName)/\(name)") }
    for name in [Self.jobName, Self.planName, Self.scriptName] { try files.removeItem(atPath: "\(path)/\(name)") }
    for name in [Self.partsName, Self.logsName, Self.submissionsName] { rmdir("\(path)/\(name)") }
  }

  private func submissionPath(_ number: Int) -> String { "\(path)/\(Self.submissionsName)/\(number).json" }

  /// The largest plausible number of a submission's file.
  private static let mostSubmissions = 1_000_000

  private func submissionNumbers() throws -> [Int] {
    try names(in: Self.submissionsName).compactMap { $0.hasSuffix(".json") ? Int($0.dropLast(5)) : nil }
      .filter { (1...Self.mostSubmissions).contains($0) }.sorted()
  }

  // MARK: - Files

  private func names(in folder: String) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)").sorted()
    } catch {
      throw InputError(
        file: "\(path)/\(folder)", "expected a directory that can be read: \(plainReason(error))")
    }
  }

  private func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"), options: .atomic)
  }

  private static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
  }
}
