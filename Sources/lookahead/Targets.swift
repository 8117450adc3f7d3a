import ArgumentParser
import Experiments
import Reports

struct TargetsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "targets",
    abstract: "Hold a run of experiments/bench.yaml against the kernels' targets.",
    discussion: "Targets are ratios within the run; see docs/METHODS.md.")

  @Argument(help: "A run directory.")
  var directory: String

  func run() throws {
    print(try Targets(RunDirectory(opening: directory)).markdown, terminator: "")
  }
}
