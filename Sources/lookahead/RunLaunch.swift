import ArgumentParser
import Foundation
import Measurement

/// The hidden verb that a run starts for each launch of a point.
struct RunLaunchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: LaunchProcess.verb,
    abstract: "Measure one point: a request on standard input, a report on standard output.",
    shouldDisplay: false)

  func run() throws {
    StandardStream.output.write(
      try LaunchProcess.report(on: FileHandle.standardInput.readToEnd() ?? Data()))
  }
}
