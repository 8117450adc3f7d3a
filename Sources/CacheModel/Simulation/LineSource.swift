/// How far a count of lines can be trusted, and who counted.
public enum CountQuality: String, CaseIterable, Sendable, Encodable {
  /// The PMU counted during the whole region.
  case exact
  /// The PMU counted during a part of the region, and the value is extrapolated.
  case scaled
  /// Valgrind counted the real accesses on simulated caches.
  case valgrind
  /// Another tool counted, on a run that was imported.
  case imported
  /// An earlier run counted, and its counts were replayed.
  case replay
  /// A script made the counts up.
  case synthetic

  /// Whether the counts are of the workload on this machine's hardware.
  public var isHardware: Bool { self == .exact || self == .scaled }
}

/// Where the lines that cross one boundary of the caches come from.
public struct LineSource: Equatable, Sendable {
  public var origin: TrafficOrigin
  /// The quality of counted lines; nil for lines that were not counted.
  public var quality: CountQuality?
  /// Whether the counters missed a part, so that there may be more lines.
  public var isLowerBound: Bool
  /// What is said of the lines beside that, such as a ratio or a bound.
  public var remark: String?

  public init(_ origin: TrafficOrigin, quality: CountQuality? = nil, isLowerBound: Bool = false, remark: String? = nil)
  {
    self.origin = origin
    self.quality = quality
    self.isLowerBound = isLowerBound
    self.remark = remark
  }

  /// Such as `counted (exact)`.
  public var text: String {
    let details = [quality?.rawValue, isLowerBound ? "at least" : nil, remark].compactMap { $0 }
    return origin.rawValue + (details.isEmpty ? "" : " (\(details.joined(separator: "; ")))")
  }
}
