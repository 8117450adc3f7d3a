import Foundation
import RunStore
import Support

/// A sweep on a cluster, gathered: its parts merged into one run, and what is missing submitted again.
public struct SlurmCollection {
  public let progress: SlurmProgress
  /// Nil while no task has measured anything.
  public let merge: RunMerge?
  /// The job and its tasks that were submitted again.
  public private(set) var resubmitted: (jobID: String, tasks: [Int])?
  /// What to do about submissions whose jobs have no number, with their tasks.
  public let unnamed: [(tasks: [Int], advice: String)]

  /// How often a task may be submitted, unless the user says otherwise: once more tells a lost node from a task that ends every
  /// node it runs on, and once more again costs little.
  public static let usualAttempts = 3

  /// Merges what there is into the run at `path`, anew: a part that was taken away is gone from it too. Parts of different
  /// machines are refused with the difference, before anything is written or submitted, unless `allowsMixedMachines`. With
  /// `resubmits` the tasks whose points are missing, that Slurm no longer has, and that were submitted less than `attempts`
  /// times are submitted again, as one array; each measures only what it lacks. They run `tool` in place of the one that the
  /// job's file names, which may be someone else's.
  public init(
    _ directory: SlurmDirectory, slurm: Slurm, into path: String, resubmits: Bool,
    attempts: Int = SlurmCollection.usualAttempts, allowsMixedMachines: Bool = false, scratch: String,
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

  /// Throws where `path` holds a run that was not collected from `directory`: one of another experiment, or one that was
  /// measured there. What is no run at all is refused on merging.
  private static func requireCollected(_ path: String, _ directory: SlurmDirectory, _ parts: [RunArchive]) throws {
    let file = "\(path)/\(RunDirectory.manifestName)"
    guard FileManager.default.fileExists(atPath: file) else { return }
    let manifest = try Manifest(json: readRunFile(file), file: file)
    let job = directory.job
    let isSame = ExperimentDifference.lines(
      (manifest.experimentText, manifest.overrides), (job.experimentText, job.overrides)
    ).isEmpty
    // A collected run has the id of its first part. Under the default path the tool puts nothing else.
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
