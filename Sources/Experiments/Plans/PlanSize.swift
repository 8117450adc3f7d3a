import Kernels
import Support

/// The number of points and launches of an experiment, computed before any of them is made.
///
/// A sweep multiplies its axes, so that a mistyped axis can ask for more points than memory holds. Every number is
/// therefore compared with a limit first.
enum PlanSize {
  /// The limit of an experiment's points, before exclusions. At a second each they take more than a day, and a plan
  /// of this size takes some seconds to make.
  static let mostPoints = 100_000

  /// The limit of launches of all points together, which are scheduled before the first one starts.
  static let mostLaunches = 1_000_000

  /// Throws `InputError` where a sweep, all sweeps together or their launches exceed a limit.
  static func check(_ experiment: Experiment) throws {
    var points = CheckedSize(0)
    for sweep in experiment.sweeps {
      let count = sweep.pointCount
      guard count <= CheckedSize(mostPoints) else {
        throw InputError(
          file: experiment.file, line: sweep.line,
          "sweep '\(sweep.name)' has \(count) points; at most \(CheckedSize(mostPoints)) are planned")
      }
      points = points + count
    }
    guard points <= CheckedSize(mostPoints) else {
      throw InputError(
        file: experiment.file, key: "sweeps",
        "the sweeps have \(points) points together; at most \(CheckedSize(mostPoints)) are planned")
    }
    let launches = points * experiment.measure.launches
    guard launches <= CheckedSize(mostLaunches) else {
      throw InputError(
        file: experiment.file, key: "measure.launches",
        "\(points) points have \(launches) launches; at most \(CheckedSize(mostLaunches)) are planned")
    }
  }
}

extension Sweep {
  /// Points of the sweep before exclusions: the product of its axes, with the axes of a zip counted once.
  var pointCount: CheckedSize {
    var counted: Set<Parameter> = []
    return axes.reduce(CheckedSize(1)) { count, axis in
      guard counted.insert(axis.parameter).inserted else { return count }
      counted.formUnion(zip.first { $0.contains(axis.parameter) } ?? [])
      return count * axis.values.count
    }
  }
}
