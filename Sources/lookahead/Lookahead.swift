import ArgumentParser
import Foundation
import Support

/// The command line. Each verb has a file of its own, which only reads options and prints a result.
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
      ProjectCommand.self, ExploreCommand.self, SimulateCommand.self, MissRatioCurveCommand.self, FitPolicyCommand.self,
      MachinesCommand.self,
      ReportCommand.self, CompareCommand.self, ExportCommand.self, SchemaCommand.self, CalibrateCommand.self,
      TuneCommand.self, ValidateCommand.self, TargetsCommand.self, SimulatorSpeedCommand.self,
      MergeCommand.self, SlurmCommand.self, AuditCommand.self, AuditCandidateCommand.self, RunLaunchCommand.self,
      RunCountedCommand.self,
    ]
  )

  static func main() {
    StandardStream.prepare()
    StandardStream.exit(status())
  }

  /// Runs the command and prints its error; returns the exit code.
  private static func status() -> Int32 {
    do {
      try checkArgumentsAreText()
      var command = try parseAsRoot()
      try command.run()
      return ExitCode.success.rawValue
    } catch let error as InputError {
      printError(error)
      return ExitStatus.invalidInput.rawValue
    } catch let error where isOwnError(error) {
      printMessage("error: " + printable(plainMessage(error), atMost: 280))
      return ExitStatus.failure.rawValue
    } catch {
      // Help, the version, usage and exit codes are ArgumentParser's own text, written to our own streams.
      let code = exitCode(for: error)
      let text = fullMessage(for: error)
      if code.isSuccess, !text.isEmpty { StandardStream.output.write(text + "\n") }
      if !code.isSuccess, !text.isEmpty { printUsage(text) }
      return code.rawValue
    }
  }

  /// ArgumentParser's own errors (usage, help, exit codes) keep their presentation.
  private static func isOwnError(_ error: Error) -> Bool {
    !(error is ExitCode) && exitCode(for: error) == .failure && !(error is CleanExit)
  }
}
