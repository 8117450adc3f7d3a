import ArgumentParser

struct SlurmCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "slurm",
    abstract: "Run a sweep as a job array on a Slurm cluster.",
    discussion: """
      'submit' divides the points among tasks and submits them, 'status' shows their progress, 'collect' joins their \
      measurements and submits missing points again. Nothing has to keep running in between. See \
      docs/how-to/run-on-slurm.md.
      """,
    subcommands: [
      SlurmSubmitCommand.self, SlurmStatusCommand.self, SlurmCollectCommand.self, SlurmTaskCommand.self,
    ])
}
