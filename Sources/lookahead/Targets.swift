import ArgumentParser
import Reports
import RunStore

struct TargetsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "targets",
    abstract: "Compare a run of experiments/bench.yaml with the kernels' targets.",
    discussion: """
      Targets are ratios within the run, except for the published kernels, whose time is from a Zen 5 core. On any \
      other, measure them there (docs/reference/methods.md, "The published kernels") and give it with --published-us.
      """)

  @Argument(help: "A run directory.")
  var directory: String

  @Option(
    help: ArgumentHelp(
      "The published kernels' time on the machine of the run, in microseconds per token.", valueName: "us"))
  var publishedUs: Double?

  func validate() throws {
    guard let publishedUs, !(publishedUs.isFinite && publishedUs > 0) else { return }
    throw ValidationError("--published-us: expected a time above 0, found \(publishedUs)")
  }

  func run() throws {
    let targets = try Targets(
      RunDirectory(opening: directory), publishedNanosecondsPerToken: publishedUs.map { $0 * 1000 })
    printDocument(targets.markdown)
  }
}
