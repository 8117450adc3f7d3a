import Statistics
import Support

/// The duration and number of a point's measurements.
public struct Measure: Equatable, Codable, Sendable {
  /// Samples before the interval may stop a point. 10, as hyperfine and nvbench do: the fewest for which the interval of
  /// the median leaves out the extremes (6 samples are the fewest that have one at all).
  public var minSamples = 10
  /// Accumulated seconds before the interval may stop a point; half a second as in nvbench.
  public var minSeconds = 0.5
  /// Accumulated time, in seconds, after which a point stops whatever its interval.
  public var maxSeconds = 15.0
  /// The target for half the width of the median's 95 % confidence interval, relative to the median.
  public var intervalWidth = 0.01
  /// Time spent running the kernel before the first sample, in seconds.
  public var warmupSeconds = 0.2
  /// Whether all groups are counted in one pass, taking turns on the CPU's counters, instead of one group a pass.
  /// Values are then extrapolated from the share of time that each event was counted.
  public var multiplex = false

  /// Processes in which a point is measured, each with the samples above.
  public var launches = 1
  /// The number of a launch's processes that may die before its point fails. 2, because the second tells a
  /// reproducible crash from an accident, and a third would add little.
  public var attempts = 2
  /// Seconds after which a launch's process is killed. Longer than any working launch: the largest layers take a
  /// minute to make.
  public var timeoutSeconds = 600.0
  /// When the host's ceilings and its machine file are measured.
  public var calibrate = CalibrationTime.once

  public enum CalibrationTime: String, CaseIterable, Codable, Sendable {
    /// Before the first point.
    case once
    /// Before each round of launches, half a minute each. The host is then described over the same time in which its
    /// points were measured, which matters where it is shared with others.
    case everyLaunch = "every-launch"
  }

  public init() {}

  static let keys = [
    "min_samples", "min_seconds", "max_seconds", "interval_width", "warmup_seconds", "launches", "attempts",
    "timeout_seconds", "multiplex", "calibrate",
  ]

  /// Sets one of `keys`.
  mutating func set(_ key: String, _ yaml: YAMLValue) throws {
    switch key {
    case "min_samples": minSamples = try yaml.int(in: 1...1_000_000)
    case "min_seconds": minSeconds = try yaml.double(in: 0...86_400)
    case "max_seconds": maxSeconds = try yaml.double(in: 0...86_400)
    case "launches": launches = try yaml.int(in: 1...1000)
    case "attempts": attempts = try yaml.int(in: 1...100)
    case "timeout_seconds": timeoutSeconds = try yaml.double(in: 1...604_800)
    case "interval_width":
      intervalWidth = try yaml.double(in: 0...1)
    case "multiplex": multiplex = try yaml.bool()
    case "calibrate": calibrate = try yaml.choice()
    default: warmupSeconds = try yaml.double(in: 0...3600)
    }
  }

  /// Sets every key of a mapping.
  mutating func set(_ yaml: YAMLValue) throws {
    for (key, value) in try yaml.object(keys: Self.keys).entries { try set(key, value) }
  }
}

extension StopRule {
  /// The stop rule that `measure` states.
  public init(_ measure: Measure) {
    self.init(
      minSamples: measure.minSamples, minSeconds: measure.minSeconds, maxSeconds: measure.maxSeconds,
      intervalWidth: measure.intervalWidth)
  }
}
