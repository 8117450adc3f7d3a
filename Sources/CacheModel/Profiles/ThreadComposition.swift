/// Threads that share a cache and no data: their shared miss ratios from their own curves, without interleaving anything.
///
/// A thread alone fills c lines of an LRU cache in W(c) = sum over k < c of 1 / m(k) of its accesses, where m is its
/// miss-ratio curve: it gains a line with every miss. In a shared cache all lines older than one common age are gone, so
/// each thread holds what it fills within that age, and the shares add up to the capacity (Xiang, Ding, Luo and Bao, "HOTL: a
/// higher order theory of locality", ASPLOS 2013). Threads with data in common need the interleaved profile instead:
/// `ReuseProfiler` with `sharedBy`.
public struct ThreadComposition {
  /// One thread: its curve, and its accesses per unit of time relative to the others'.
  public struct Thread {
    public var curve: MissRatioCurve
    public var rate: Double

    public init(curve: MissRatioCurve, rate: Double = 1) {
      self.curve = curve
      self.rate = rate
    }
  }

  public struct Share: Equatable, Sendable {
    /// Lines of the cache that the thread holds.
    public var lines: Double
    public var missRatio: Double
  }

  private let fills: [FillTime]
  private let rates: [Double]

  public init(_ threads: [Thread]) {
    fills = threads.map { FillTime($0.curve) }
    rates = threads.map(\.rate)
  }

  /// Every thread's share of a fully associative LRU cache of `lines` lines.
  public func shares(lines: Int) -> [Share] {
    let capacity = Double(lines)
    func held(_ age: Double) -> [Double] { zip(fills, rates).map { $0.lines(after: age * $1) } }
    // The sum rises with the age, so bisection finds the age at which the cache is full: or all fit.
    var (low, high) = (0.0, 1.0)
    let most = fills.reduce(0) { $0 + $1.footprint }
    guard most > capacity else { return zip(fills, fills.map(\.footprint)).map { $0.share(lines: $1) } }
    while held(high).reduce(0, +) < capacity, high < 1e300 { high *= 2 }
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if held(middle).reduce(0, +) < capacity { low = middle } else { high = middle }
    }
    return zip(fills, held(high)).map { $0.share(lines: $1) }
  }
}

/// How many lines a thread fills in how many accesses: piecewise linear, one piece a step of the curve.
private struct FillTime {
  private let curve: MissRatioCurve
  /// Accesses at which each point's capacity is reached.
  private let times: [Double]
  /// Lines that the thread ever holds.
  let footprint: Double

  init(_ curve: MissRatioCurve) {
    self.curve = curve
    footprint = Double(curve.points.last?.lines ?? 0)
    var time = 0.0
    var times: [Double] = []
    var previous = MissRatioCurve.Point(lines: 0, missRatio: 1)
    for point in curve.points {
      time += Double(point.lines - previous.lines) / max(previous.missRatio, .leastNormalMagnitude)
      times.append(time)
      previous = point
    }
    self.times = times
  }

  func lines(after accesses: Double) -> Double {
    var (low, high) = (0, times.count)
    while low < high {
      let middle = (low + high) / 2
      if times[middle] <= accesses { low = middle + 1 } else { high = middle }
    }
    guard low < times.count else { return footprint }
    let (lines, time, ratio) =
      low > 0 ? (Double(curve.points[low - 1].lines), times[low - 1], curve.points[low - 1].missRatio) : (0, 0, 1)
    return lines + (accesses - time) * ratio
  }

  /// Miss ratios between whole lines are interpolated, so that a share just below a step is not taken for one far below.
  func share(lines: Double) -> ThreadComposition.Share {
    let whole = lines.rounded(.down)
    let below = curve.missRatio(lines: Int(whole))
    let above = curve.missRatio(lines: Int(whole) + 1)
    return ThreadComposition.Share(lines: lines, missRatio: below + (lines - whole) * (above - below))
  }
}
