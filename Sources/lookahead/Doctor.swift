import ArgumentParser
import Foundation
import Profiler

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Show what this machine can measure, and how to make it measure more.",
    discussion: "Always exits 0: a machine without hardware counters is a finding, not a failure.")

  @Flag(help: "Print one JSON document.")
  var json = false

  func run() throws {
    let diagnosis = Diagnosis.run()
    if json { return try printJSON(diagnosis) }
    let width = diagnosis.items.map(\.name.count).max() ?? 0
    for item in diagnosis.items {
      let name = item.name.padding(toLength: width, withPad: " ", startingAt: 0)
      let status = item.status.rawValue.padding(toLength: 11, withPad: " ", startingAt: 0)
      print("\(name)  \(status)  \(item.reason)")
      if let fix = item.fix { print(String(repeating: " ", count: width + 15) + "fix: \(fix)") }
    }
  }
}
