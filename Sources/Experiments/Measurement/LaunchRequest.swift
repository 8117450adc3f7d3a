import Foundation
import Kernels
import Plans
import Profiler
import RunStore
import Support

/// What the process of one launch has to know: everything that the run found out before its first point, for one point.
struct LaunchRequest: Codable {
  var point: Point
  var launch: Int
  var runID: String
  var host: String
  var cpuModel: String?
  /// The experiment as it was read: its text, the file it names layers relative to, and the overrides.
  var experimentText: String
  var experimentFile: String
  var overrides: [String]
  /// This host as a machine file.
  var hostMachine: String
  var fingerprint: String
  var tuningDirectory: String?
  var libraries: LibraryChoice
  var counterChecks: [CounterSelfCheck]
  /// 10^9 operations per second.
  var fmaPeak: Double?
  /// The clock at the beginning of the run, and the place of the launch's first sample in the run.
  var clockStart: Int
  var firstOrderIndex: Int
  /// The point with what an earlier launch chose for it, where it leaves its strategy open.
  var settled: Point?
}

/// What a launch comes to.
struct LaunchReport: Codable {
  /// Nil where it was interrupted.
  var outcome: PointOutcome?
  /// For people, such as a tuning cache that cannot be read.
  var messages: [String] = []
  /// Seconds spent on the point itself, without the start of its process.
  var seconds = 0.0
}
