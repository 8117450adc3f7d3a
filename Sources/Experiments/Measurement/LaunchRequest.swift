import Foundation
import Kernels
import Plans
import Profiler
import RunStore
import Support

/// The input of a launch's process: everything that the run found out before its first point, for one point.
struct LaunchRequest: Codable {
  var point: Point
  var launch: Int
  var runID: String
  var host: String
  var cpuModel: String?
  /// The experiment as it was read: its text, the file that layer paths are relative to, and the overrides.
  var experimentText: String
  var experimentFile: String
  var overrides: [String]
  /// This host as a machine file.
  var hostMachine: String
  var fingerprint: String
  var tuningDirectory: String?
  var libraries: LibraryChoice
  var counterChecks: [CounterSelfCheck]
  /// Where programs are kept that valgrind runs; nil where it counts nothing.
  var countingDirectory: String?
  /// The measured multiply-add peak in 10^9 operations per second.
  var fmaPeak: Double?
  /// The clock at the start of the run, and the place of the launch's first sample in the run.
  var clockStart: Int
  var firstOrderIndex: Int
  /// The point with the strategy that an earlier launch chose, where the point leaves it open.
  var settled: Point?
}

/// The result of a launch.
struct LaunchReport: Codable {
  /// Nil where the launch was interrupted.
  var outcome: PointOutcome?
  /// Messages for the user, for instance about a tuning cache that cannot be read.
  var messages: [String] = []
  /// Seconds spent on the point itself, without the start of its process.
  var seconds = 0.0
}
