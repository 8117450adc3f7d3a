import Foundation
import Measurement
import Support

/// The gnuplot program, run as a process.
public struct Gnuplot {
  private let executable: URL
  private let timeoutSeconds: Double

  /// The first `gnuplot` in PATH; nil where there is none. A plot takes a fraction of a second; `timeoutSeconds` also
  /// allows for a first search for fonts on a slow file system.
  public static func find(
    path: String? = ProcessInfo.processInfo.environment["PATH"], timeoutSeconds: Double = 60
  ) -> Gnuplot? {
    (path ?? "").split(separator: ":").map { "\($0)/gnuplot" }.first(where: FileManager.default.isExecutableFile)
      .map { Gnuplot(executable: URL(fileURLWithPath: $0), timeoutSeconds: timeoutSeconds) }
  }

  private init(executable: URL, timeoutSeconds: Double) {
    self.executable = executable
    self.timeoutSeconds = timeoutSeconds
  }

  /// Draws `plots`, whose data and scripts are in `directory`; returns those that are drawn, and one line for each
  /// failure. After a timeout the rest is not tried. Throws `Interrupted` on a request to end. A picture is replaced
  /// whole or not at all.
  func draw(_ plots: [Plot], in directory: String) throws -> (drawn: [Plot], problems: [String]) {
    var drawn: [Plot] = []
    var problems: [String] = []
    for (index, plot) in plots.enumerated() {
      try Interruption.check()
      let failure = draw(plot.name, in: directory)
      try Interruption.check()
      guard let failure else {
        drawn.append(plot)
        continue
      }
      problems.append("Plot \(plot.name) could not be drawn: \(failure.reason)")
      if failure.isTimeout, index + 1 < plots.count {
        let rest = plots.count - index - 1
        problems.append("\(counted(rest, "more plot")) \(rest == 1 ? "was" : "were") not tried.")
        break
      }
    }
    return (drawn, problems)
  }

  /// The reason why a picture was not drawn.
  struct Failure: Equatable {
    var reason: String
    var isTimeout = false
  }

  /// Runs `name`.gp in `directory`, which makes `name`.svg there; returns the failure, nil on success.
  func draw(_ name: String, in directory: String) -> Failure? {
    let files = FileManager.default
    // The picture is made elsewhere and moved into place when it is complete.
    let aside = files.temporaryDirectory.appendingPathComponent("lookahead-plot-\(UUID().uuidString)").path
    defer { try? files.removeItem(atPath: aside) }
    do {
      try files.createDirectory(atPath: aside, withIntermediateDirectories: true)
      for file in ["\(name).gp", "\(name).csv"] where files.fileExists(atPath: "\(directory)/\(file)") {
        try files.copyItem(atPath: "\(directory)/\(file)", toPath: "\(aside)/\(file)")
      }
      let process = try ChildProcess.run(executable, ["\(name).gp"], in: aside, seconds: timeoutSeconds)
      switch process.ending {
      case .exited(0):
        guard let picture = files.contents(atPath: "\(aside)/\(name).svg") else {
          return Failure(reason: "gnuplot wrote no \(name).svg")
        }
        try WholeFile.write(String(decoding: picture, as: UTF8.self), to: "\(directory)/\(name).svg")
      case .exited where !process.lastMessage.isEmpty: return Failure(reason: process.lastMessage)
      case .timedOut: return Failure(reason: "gnuplot \(process.failure ?? "")", isTimeout: true)
      default: return Failure(reason: "gnuplot \(process.failure ?? "failed")")
      }
    } catch { return Failure(reason: plainMessage(error)) }
    return nil
  }
}
