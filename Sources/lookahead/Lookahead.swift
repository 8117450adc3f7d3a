import ArgumentParser
import Foundation
import InputFiles

/// The command line: one file per verb, none of which knows more than how to read its options and print a result.
@main
struct Lookahead: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lookahead",
    abstract: "Profile dense and look-up feed-forward kernels, and project them onto other CPUs.",
    discussion: """
      Exit codes: 0 ok, 1 failure, 2 regression found, 3 some points failed, 64 usage or invalid input file.
      """,
    subcommands: [
      DoctorCommand.self, TopologyCommand.self, EventsCommand.self, VerifyCommand.self, RunCommand.self,
      ProjectCommand.self, ExploreCommand.self, SimulateCommand.self, MissRatioCurveCommand.self, MachinesCommand.self,
      ReportCommand.self, CompareCommand.self, ExportCommand.self, SchemaCommand.self, CalibrateCommand.self,
      TuneCommand.self, ValidateCommand.self, TargetsCommand.self, SimulatorSpeedCommand.self,
      MergeCommand.self, SlurmCommand.self, AuditCommand.self, AuditCandidateCommand.self, RunLaunchCommand.self,
    ]
  )

  static func main() {
    do {
      try checkArgumentsAreText()
      var command = try parseAsRoot()
      try command.run()
    } catch let error as InputError {
      printError(error)
      Foundation.exit(ExitStatus.invalidInput.rawValue)
    } catch let error where isOwnError(error) {
      printError(error)
      Foundation.exit(ExitStatus.failure.rawValue)
    } catch {
      let text = fullMessage(for: error)
      guard exitCode(for: error) == .validationFailure, !text.isEmpty else { exit(withError: error) }
      printUsage(text)
      Foundation.exit(ExitStatus.invalidInput.rawValue)
    }
  }

  /// ArgumentParser's own errors (usage, help, exit codes) keep its own presentation.
  private static func isOwnError(_ error: Error) -> Bool {
    !(error is ExitCode) && exitCode(for: error) == .failure && !(error is CleanExit)
  }
}
