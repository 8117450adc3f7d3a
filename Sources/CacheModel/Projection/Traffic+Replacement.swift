import Machines
import Simulation

/// A boundary that lines cross on their way to the core.
public enum TrafficBoundary: Hashable, Sendable {
  /// Lines that come from beyond a level which has another below it; 0 is the first level.
  case level(Int)
  /// Lines that come from beyond the last level: memory's reads.
  case memory
  /// Lines written to memory.
  case memoryWrites

  /// The boundary below `level` of `levels` levels.
  static func below(_ level: Int, of levels: Int) -> TrafficBoundary { level == levels - 1 ? .memory : .level(level) }
}

/// Lines over one boundary that take the place of a traffic's own, over all phases and threads.
struct ReplacingLines: Equatable {
  var lines: Double
  var source: LineSource
}

extension Traffic {
  /// The boundaries of this traffic, from the first level's outwards; memory's writes are the last.
  public var boundaries: [TrafficBoundary] {
    levelNames.indices.map { TrafficBoundary.below($0, of: levelNames.count) } + [.memoryWrites]
  }

  /// Name of a boundary: that of the level that asks, as `from beyond L2`, or `memory writes`.
  public func name(of boundary: TrafficBoundary) -> String {
    switch boundary {
    case .level(let level): "from beyond \(levelNames[level])"
    case .memory: "from beyond \(levelNames.last ?? "the caches")"
    case .memoryWrites: "memory writes"
    }
  }

  /// Lines over a boundary, in all phases, by demand and by prefetch.
  public func lines(over boundary: TrafficBoundary) -> Double {
    phases.reduce(0) { $0 + $1.lines(over: boundary) }
  }

  /// The source of the lines over a boundary.
  public func source(of boundary: TrafficBoundary) -> LineSource {
    boundaries.firstIndex(of: boundary).map { sources[$0] } ?? LineSource(origin)
  }

  /// The traffic with the lines of some boundaries replaced; `origin` is that of the whole.
  ///
  /// Phases keep their shares of a boundary's lines. Where this traffic has none there, they get the shares that they have of
  /// the boundary above, which is where lines that the simulation does not know would come through. Random rows are the part
  /// of a boundary's lines that they were, and no more of them come from beyond a level than from beyond the one above.
  /// Write-backs between levels stay.
  func replacing(_ replacements: [TrafficBoundary: ReplacingLines], origin: TrafficOrigin) -> Traffic {
    var result = self
    result.origin = origin
    result.replacedSources = boundaries.map { replacements[$0]?.source ?? source(of: $0) }
    let parts = boundaries.map { boundary in replacements[boundary].map { divided($0.lines, over: boundary) } }
    for phase in phases.indices {
      result.phases[phase].replace(
        levels: parts.dropLast().map { $0?[phase] }, memoryWrites: parts.last.flatMap { $0?[phase] })
    }
    return result
  }

  /// `total` lines over `boundary`, by phase.
  private func divided(_ total: Double, over boundary: TrafficBoundary) -> [Double] {
    // From the boundary itself to the one above it, and so on to what the cores ask for.
    let end = boundaries.firstIndex(of: boundary) ?? 0
    for candidate in boundaries[...end].reversed() {
      let own = phases.map { $0.lines(over: candidate) }
      let sum = own.reduce(0, +)
      if sum > 0 { return own.map { total * $0 / sum } }
    }
    let accesses = phases.map { Double($0.accesses) }
    let sum = accesses.reduce(0, +)
    return accesses.map { sum > 0 ? total * $0 / sum : total / Double(phases.count) }
  }
}

extension PhaseCounts {
  func lines(over boundary: TrafficBoundary) -> Double {
    switch boundary {
    case .level(let level): lines(fromBeyond: level)
    case .memory: lines(fromBeyond: levels.count - 1)
    case .memoryWrites: Double(memory.writes)
    }
  }

  private func lines(fromBeyond level: Int) -> Double {
    guard levels.indices.contains(level) else { return 0 }
    return Double(levels[level].misses + levels[level].prefetches)
  }

  /// Takes the lines from beyond each level, and memory's writes, where they are given.
  fileprivate mutating func replace(levels wanted: [Double?], memoryWrites: Double?) {
    let before = self
    var gathersAbove = gatherSources.reduce(0) { $0 + Double($1) }
    // Share of the lines over a boundary that begin a random row.
    var share = accesses > 0 ? gathersAbove / Double(accesses) : 0
    for level in levels.indices {
      let own = before.lines(fromBeyond: level)
      var gathers = before.gatherSources[(level + 1)...].reduce(0) { $0 + Double($1) }
      if own > 0 { share = gathers / own }
      if let lines = wanted[level] {
        gathers = share * lines
        levels[level].scale(to: lines, from: own)
      }
      gathers = min(gathersAbove, gathers)
      gatherSources[level] = Self.whole(gathersAbove) - Self.whole(gathers)
      gathersAbove = gathers
      // The level below is asked for these.
      if level + 1 < levels.count, wanted[level] != nil {
        let asked = levels[level].misses + levels[level].prefetches
        levels[level + 1].reads = max(asked, before.levels[level + 1].misses)
      }
      if level == levels.count - 1, let lines = wanted[level] { memory.reads = Self.whole(lines) }
    }
    gatherSources[levels.count] = Self.whole(gathersAbove)
    if let memoryWrites { memory.writes = Self.whole(memoryWrites) }
  }

  fileprivate static func whole(_ lines: Double) -> UInt64 { UInt64(max(0, lines).rounded()) }
}

extension LevelCounts {
  /// Makes the lines that the level fetches `lines` instead of `own`, demand and prefetches alike.
  fileprivate mutating func scale(to lines: Double, from own: Double) {
    guard own > 0 else {
      readMisses = PhaseCounts.whole(lines)
      reads = max(reads, readMisses)
      evictions = readMisses
      return
    }
    let factor = lines / own
    let (demand, stores) = (Double(misses) * factor, Double(writeMisses) * factor)
    prefetches = PhaseCounts.whole(Double(prefetches) * factor)
    writeMisses = PhaseCounts.whole(stores)
    readMisses = PhaseCounts.whole(demand) - min(PhaseCounts.whole(demand), writeMisses)
    reads = max(reads, readMisses)
    writes = max(writes, writeMisses)
    evictions = PhaseCounts.whole(Double(evictions) * factor)
  }
}
