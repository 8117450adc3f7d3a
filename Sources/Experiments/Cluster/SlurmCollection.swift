import Foundation
import RunStore
import Support

/// A collected sweep: its parts merged into one run, and the missing tasks submitted again.
public struct SlurmCollection {
  public let progress: SlurmProgress
  /// Nil while no task has measured anything.
  public let merge: RunMerge?
  /// The job and its tasks that were submitted again.
  public private(set) var resubmitted: (jobID: String, tasks: [Int])?
  /// Advice for submissions whose jobs have no number, with their tasks.
  public let unnamed: [(tasks: [Int], advice: String)]

  /// The number of submissions allowed per task by default: a second one tells a lost node from a task that brings
  /// down every node, and a third costs little.
  public static let defaultAttempts = 3

  /// Merges the parts into the run at `path` from scratch, so that a part that was removed is gone from it too. Parts
  /// of different machines are refused with the difference, before anything is written or submitted, unless
  /// `allowsMixedMachines`. With `resubmits`, tasks with missing points that Slurm no longer has, and that were
  /// submitted fewer than `attempts` times, are submitted again as one array; each measures only its missing points.
  /// They run `tool` in place of the one in the job's file, which may be another user's.
  public init(
    _ directory: SlurmDirectory, slurm: Slurm, into path: String, resubmits: Bool,
    attempts: Int = SlurmCollection.defaultAttempts, allowsMixedMachines: Bool = false, scratch: String,
    tool: String? = nil
  ) throws {
    progress = try SlurmProgress(directory, slurm: slurm, scratch: scratch)
    let parts = try directory.parts().sorted { $0.key < $1.key }.flatMap(\.value)
    unnamed = try directory.unnamedSubmissions()
    try Self.requireCollected(path, directory, parts)
    merge =
      try parts.isEmpty
      ? nil
      : RunMerge(
        parts.map { RunMerge.Part($0, scratch: scratch) }, into: path, allowsMixedMachines: allowsMixedMachines,
        restart: FileManager.default.fileExists(atPath: path))
    let tasks = progress.tasks(.submitAgain, attempts: attempts)
    if resubmits, !tasks.isEmpty { resubmitted = (try directory.submit(tasks, to: slurm, tool: tool), tasks) }
  }

  /// Throws where `path` holds a run that was not collected from `directory`: one of another experiment, or one
  /// measured there. Merging refuses a directory that holds no run.
  private static func requireCollected(_ path: String, _ directory: SlurmDirectory, _ parts: [RunArchive]) throws {
    let file = "\(path)/\(RunDirectory.manifestName)"
    guard FileManager.default.fileExists(atPath: file) else { return }
    let manifest = try Manifest(json: readRunFile(file), file: file)
    let job = directory.job
    let isSame = ExperimentDifference.lines(
      (manifest.experimentText, manifest.overrides), (job.experimentText, job.overrides)
    ).isEmpty
    // A collected run has the id of its first part. The default path holds nothing but collected runs.
    let isCollected =
      URL(fileURLWithPath: path).standardizedFileURL.path == directory.runPath
      || parts.contains { $0.path.hasSuffix("-\(manifest.runID).\(RunArchive.fileExtension)") }
    guard isSame, isCollected else {
      throw InputError(
        file: file,
        "expected a run that was collected from \(directory.path), found \(isSame ? "one that was measured elsewhere" : "one of another experiment"); choose another --output"
      )
    }
  }
}
