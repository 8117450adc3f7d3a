import Machines
import Simulation

/// Lines that counters saw of a workload, per token, in the model's terms, with what is known of their quality.
public struct CountedTraffic: Equatable, Sendable {
  /// One quantity.
  public struct Count: Equatable, Sendable {
    public var perToken: Double
    public var quality: CountQuality
    /// Who counted it, such as the counter group.
    public var source: String
    /// What the events miss; the count is a lower bound then.
    public var leavesOut: String?

    public init(perToken: Double, quality: CountQuality, source: String, leavesOut: String? = nil) {
      self.perToken = perToken
      self.quality = quality
      self.source = source
      self.leavesOut = leavesOut
    }
  }

  /// Lines from beyond each level of caches, by the level's number, the first being 0.
  public var fills: [Int: Count]
  /// Lines read from memory. Counts of a whole socket are of every process there.
  public var memoryReads: Count?
  public var memoryWrites: Count?
  /// What does not enter a projection, such as `instructions`, by name.
  public var others: [String: Count]
  /// Why quantities that were asked for have no count, by name.
  public var missing: [String: String]
  /// What a reader of the counts has to know, such as that other processes are in them.
  public var warnings: [String]

  public init(
    fills: [Int: Count] = [:], memoryReads: Count? = nil, memoryWrites: Count? = nil, others: [String: Count] = [:],
    missing: [String: String] = [:], warnings: [String] = []
  ) {
    self.fills = fills
    self.memoryReads = memoryReads
    self.memoryWrites = memoryWrites
    self.others = others
    self.missing = missing
    self.warnings = warnings
  }

  /// Whether any of the lines that a projection uses was counted.
  public var hasLines: Bool { !fills.isEmpty || memoryReads != nil || memoryWrites != nil }

  /// The count that tells the lines over `boundary` of caches with `levels` levels best: a whole one before a lower bound.
  public func best(over boundary: TrafficBoundary, levels: Int) -> Count? {
    counts(over: boundary, levels: levels).first
  }

  private func counts(over boundary: TrafficBoundary, levels: Int) -> [Count] {
    let candidates: [Count?]
    switch boundary {
    case .level(let level): candidates = [fills[level]]
    case .memory: candidates = [memoryReads, fills[levels - 1]]
    case .memoryWrites: candidates = [memoryWrites]
    }
    let known = candidates.compactMap { $0 }
    return known.filter { $0.leavesOut == nil } + known.filter { $0.leavesOut != nil }
  }
}

extension Traffic {
  /// This simulated traffic of `tokens` tokens with the counted lines in place of the simulated ones, boundary by boundary.
  ///
  /// A lower bound takes the place of fewer lines, and leaves more as they are. What was not counted stays as it is. The
  /// traffic's `sources` say which is which.
  public func replacing(with counted: CountedTraffic, tokens: Int) -> Traffic {
    var replacements: [TrafficBoundary: ReplacingLines] = [:]
    for boundary in boundaries {
      let own = lines(over: boundary)
      guard let count = counted.best(over: boundary, levels: levelNames.count) else { continue }
      let lines = count.perToken * Double(tokens)
      var source = LineSource(.counted, quality: count.quality, isLowerBound: count.leavesOut != nil)
      if source.isLowerBound, lines <= own { source = LineSource(origin, remark: "not below the counted") }
      replacements[boundary] = ReplacingLines(lines: count.leavesOut == nil ? lines : max(lines, own), source: source)
    }
    return replacing(replacements, origin: .counted)
  }
}
