import ArgumentParser
import Foundation
import Measurement
import Profiler

/// The process that valgrind runs to count a point.
struct RunCountedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: CountedPass.verb,
    abstract:
      "Run one pass of a point with callgrind counting: a request on standard input, a report on standard output.",
    shouldDisplay: false)

  @Option(help: "Run a kernel of known work instead, and print how much work it was.")
  var known: KnownAnswer.Kernel?

  func run() throws {
    guard let known else {
      return StandardStream.output.write(
        try CountedPass.report(on: FileHandle.standardInput.readToEnd() ?? Data()))
    }
    StandardStream.output.write("\(try CountedPass.units(of: known) ?? 0)\n")
  }
}

extension KnownAnswer.Kernel: ExpressibleByArgument {}
