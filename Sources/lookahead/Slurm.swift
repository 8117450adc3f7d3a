import ArgumentParser

struct SlurmCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "slurm",
    abstract: "Run a sweep as a job array on a Slurm cluster.",
    discussion: """
      'submit' shares the points out over tasks and submits them, 'status' says how far they are, 'collect' joins what they \
      have measured and submits again what is missing. Nothing has to keep running in between. \
      docs/how-to/run-on-slurm.md tells how.
      """,
    subcommands: [
      SlurmSubmitCommand.self, SlurmStatusCommand.self, SlurmCollectCommand.self, SlurmTaskCommand.self,
    ])
}
