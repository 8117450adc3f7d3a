/// The cleaning of measured curves before figures are derived from them: noise must cause neither steps nor dips.
enum CurveCleaning {
  /// Each value replaced by the median of itself and its two neighbours: this removes a lone outlier and keeps a step
  /// in place. The ends stay as they are.
  static func withoutLoneOutliers(_ values: [Double]) -> [Double] {
    guard values.count > 2 else { return values }
    return values.indices.map { index in
      guard index > 0, index < values.count - 1 else { return values[index] }
      return values[index - 1...index + 1].sorted()[1]
    }
  }

  /// The non-decreasing values nearest to `values` in the sum of squares: isotonic regression by pooling adjacent
  /// violators (Ayer et al., Annals of Mathematical Statistics 26(4), 1955).
  static func nonDecreasing(_ values: [Double]) -> [Double] {
    var pools: [(sum: Double, count: Int)] = []
    for value in values {
      var pool = (sum: value, count: 1)
      while let last = pools.last, last.sum / Double(last.count) > pool.sum / Double(pool.count) {
        pool = (pool.sum + last.sum, pool.count + last.count)
        pools.removeLast()
      }
      pools.append(pool)
    }
    return pools.flatMap { Array(repeating: $0.sum / Double($0.count), count: $0.count) }
  }
}
