import Foundation
import Measurement
import Plans
import Profiler
import RunStore
import Support

/// A task of a sweep on its node. It measures the missing points of its shard in a run directory on the node's own
/// disk, and copies that to the job's directory as it grows.
///
/// Each start is a part of its own, with its own calibration, host and clock, and leaves out what earlier parts of
/// the task hold. So only what came after the last copy can be lost, wherever Slurm starts the task again, and two
/// starts at once, for instance after a network failure, do no harm: merging takes each launch once.
public struct SlurmTask {
  /// The identity of a task, and the place where it runs.
  public struct Place: Equatable, Sendable {
    public var task: Int
    /// The array's job.
    public var jobID: String
    /// The node's name; the host's own name where Slurm gives none.
    public var node: String
    /// A directory on the node's own disk.
    public var scratch: String

    public init(task: Int, jobID: String, node: String, scratch: String) {
      self.task = task
      self.jobID = jobID
      self.node = node
      self.scratch = scratch
    }

    /// The place according to Slurm's environment variables. `scratch` is the user's choice of a working directory.
    public init(
      environment: [String: String] = ProcessInfo.processInfo.environment, scratch: String? = nil
    ) throws {
      guard let task = environment["SLURM_ARRAY_TASK_ID"].flatMap({ Int($0) }),
        let jobID = environment["SLURM_ARRAY_JOB_ID"]
      else {
        throw InputError(
          key: "SLURM_ARRAY_TASK_ID", "expected to run as a task of a Slurm job array; see 'slurm submit'")
      }
      self.init(
        task: task, jobID: jobID, node: environment["SLURMD_NODENAME"] ?? ProcessInfo.processInfo.hostName,
        scratch: scratch ?? Self.defaultScratch(environment))
    }

    /// The job's own directory where the cluster makes one. TMPDIR may come from the submitting host, so it must
    /// exist here.
    private static func defaultScratch(_ environment: [String: String]) -> String {
      ["SLURM_TMPDIR", "TMPDIR"].compactMap { environment[$0] }
        .first { FileManager.default.isWritableFile(atPath: $0) } ?? "/tmp"
    }
  }

  private let directory: SlurmDirectory
  private let place: Place
  private let now: () -> UInt64

  public init(_ directory: SlurmDirectory, at place: Place) throws {
    try self.init(directory, at: place, now: Clock.now)
  }

  init(_ directory: SlurmDirectory, at place: Place, now: @escaping () -> UInt64) throws {
    guard (1...directory.job.tasks).contains(place.task) else {
      throw InputError(
        key: "SLURM_ARRAY_TASK_ID", "expected a task from 1 to \(directory.job.tasks), found \(place.task)")
    }
    self.directory = directory
    self.place = place
    self.now = now
  }

  public var shard: Shard { Shard(index: place.task, count: directory.job.tasks) }

  /// Measures the missing points of the task in `plan`, the plan on this node. `manifest` describes the part;
  /// `measure` runs the directory's run. Returns the results of this part; nil where nothing was missing.
  public func run(
    _ plan: Plan, manifest: Manifest, report: @escaping (RunEvent) -> Void,
    measure: (RunDirectory, SweepRunner.Options, @escaping (RunEvent) -> Void) throws -> Void
  ) throws -> [ResultRow]? {
    let experiment = try directory.job.readExperiment()
    let own = try directory.job.shards(of: plan)[place.task - 1]
    var earlier = PartialProgress(launches: experiment.measure.launches)
    let parts = try directory.parts()
    for archive in (parts[0] ?? []) + (parts[place.task] ?? []) {
      try archive.read(scratch: place.scratch) { try earlier.add($0.store) }
    }
    // Points skipped elsewhere may run on this node.
    let missing = own.filter { [.planned, .skipped].contains(earlier.status($0.id)) }
    guard !missing.isEmpty else { return nil }

    let work = URL(fileURLWithPath: place.scratch)
      .appendingPathComponent("lookahead-\(getuid())-\(place.jobID)-\(place.task)").path
    // Files of an earlier start on this disk are older than its last copy, or will never be found again, so they are
    // replaced.
    let run = try RunDirectory.createOrResume(
      at: work, plan: plan, manifest: manifest, only: Set(missing.map(\.id)), restart: true)
    var options = SweepRunner.Options()
    options.libraries = directory.job.settings.libraries
    options.measuredElsewhere = earlier.measured
    let part = directory.part(place.task, runID: manifest.runID)
    var pace = CopyPace(seconds: directory.job.settings.copySeconds, now: now())
    do {
      try measure(run, options) { event in
        report(event)
        let start = now()
        switch event {
        case .message, .started: return
        case .finished, .projected: break
        }
        guard pace.isDue(at: start) else { return }
        // The measurements are still on the node's disk, and the next copy may succeed.
        do { try part.write(run) } catch { report(.message("what was measured could not be copied: \(error)")) }
        pace.copied(from: start, to: now())
      }
    } catch {
      _ = try finish(run, part)
      throw error
    }
    return try finish(run, part)
  }

  /// Makes the last copy, then clears the disk. Returns the results.
  private func finish(_ run: RunDirectory, _ part: RunArchive) throws -> [ResultRow] {
    do {
      let hasBegun = try run.store.statuses().values.contains { $0 != .planned }
      if try hasBegun || !run.store.rows(AttemptRow.self).isEmpty { try part.write(run) }
    } catch {
      throw SlurmFailed("the last copy failed (\(error)); what was measured lies in \(run.path) on \(place.node)")
    }
    let results = try run.store.rows(ResultRow.self)
    try run.store.close()
    try? FileManager.default.removeItem(atPath: run.path)
    return results
  }
}

/// The pace at which a task's measurements are copied.
struct CopyPace {
  /// The inverse of the largest share of time that goes into copying, however slow the shared file system is.
  private static let share: UInt64 = 20

  private let interval: UInt64
  private var last: UInt64
  private var cost: UInt64 = 0

  /// One copy in at least `seconds` seconds, the first one `seconds` after `now`, which is in ns.
  init(seconds: Double, now: UInt64) {
    interval = UInt64(max(0, seconds) * 1e9)
    last = now
  }

  func isDue(at now: UInt64) -> Bool { now - last >= max(interval, Self.share * cost) }

  mutating func copied(from start: UInt64, to end: UInt64) {
    (last, cost) = (end, end - start)
  }
}
