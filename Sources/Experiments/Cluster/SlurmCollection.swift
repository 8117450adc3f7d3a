import Foundation

/// A sweep on a cluster, gathered: its parts merged into one run, and what is missing submitted again.
public struct SlurmCollection {
  public let progress: SlurmProgress
  /// Nil while no task has measured anything.
  public let merge: RunMerge?
  /// The job and its tasks that were submitted again.
  public private(set) var resubmitted: (jobID: String, tasks: [Int])?

  /// How often a task may be submitted, unless the user says otherwise: once more tells a lost node from a task that ends every
  /// node it runs on, and once more again costs little.
  public static let usualAttempts = 3

  /// Merges what there is into the run at `path`, anew: a part that was taken away is gone from it too. Parts of different
  /// machines are refused with the difference, before anything is written or submitted, unless `allowsMixedMachines`. With
  /// `resubmits` the tasks whose points are missing, that Slurm no longer has, and that were submitted less than `attempts`
  /// times are submitted again, as one array; each measures only what it lacks.
  public init(
    _ directory: SlurmDirectory, slurm: Slurm, into path: String, resubmits: Bool,
    attempts: Int = SlurmCollection.usualAttempts, allowsMixedMachines: Bool = false, scratch: String
  ) throws {
    progress = try SlurmProgress(directory, slurm: slurm, scratch: scratch)
    let parts = try directory.parts().sorted { $0.key < $1.key }.flatMap(\.value)
    merge =
      try parts.isEmpty
      ? nil
      : RunMerge(
        parts.map { RunMerge.Part($0, scratch: scratch) }, into: path, allowsMixedMachines: allowsMixedMachines,
        restart: FileManager.default.fileExists(atPath: path))
    let tasks = progress.tasks(.submitAgain, attempts: attempts)
    if resubmits, !tasks.isEmpty { resubmitted = (try directory.submit(tasks, to: slurm), tasks) }
  }
}
