extension MissRatioCurve {
  /// The capacities, in lines, that a miss ratio speaks for.
  public struct Capacity: Equatable, Sendable {
    /// The capacities at the two steps of the curve that enclose the ratio; equal where a step has it exactly.
    public var low: Int
    public var high: Int
    /// Between them, in proportion to the ratio's place between the two steps' ratios.
    public var expected: Double
  }

  /// The capacity at which the curve has `ratio`; nil where it never has: above the ratio of the smallest capacity, or below
  /// that of the largest, which first accesses alone cause.
  public func capacity(atMissRatio ratio: Double) -> Capacity? {
    guard let first = points.first, let last = points.last, ratio <= first.missRatio, ratio >= last.missRatio else {
      return nil
    }
    // The first step at or below the ratio: the curve falls.
    var (low, high) = (0, points.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if points[middle].missRatio <= ratio { high = middle } else { low = middle + 1 }
    }
    let found = points[low]
    guard found.missRatio < ratio, low > 0 else {
      // The ratio holds up to the next step.
      let end = low + 1 < points.count ? points[low + 1].lines : found.lines
      return Capacity(low: found.lines, high: end, expected: Double(found.lines + end) / 2)
    }
    let above = points[low - 1]
    let part = (above.missRatio - ratio) / (above.missRatio - found.missRatio)
    return Capacity(
      low: above.lines, high: found.lines, expected: Double(above.lines) + part * Double(found.lines - above.lines))
  }
}
