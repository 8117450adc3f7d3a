/// Cuts the samples of one process, in the order in which they were taken, into blocks long enough to be nearly independent, and
/// gives the median of each.
///
/// Successive samples share load, clock frequency and page layout, so that a test that counts each as independent is
/// overconfident. A block is as long as the integrated autocorrelation time: so many samples are worth one (Geyer,
/// Statistical Science 7(4), 1992).
public func blockMedians(_ samples: [Double], most: Int = 100) -> [Double] {
  guard !samples.isEmpty else { return [] }
  let length = max(autocorrelationTime(samples), Double(samples.count) / Double(max(most, 1)))
  let blocks = max(1, Int(Double(samples.count) / length))
  return (0..<blocks).map { block in
    let range = (samples.count * block / blocks)..<(samples.count * (block + 1) / blocks)
    return quantile(samples[range].sorted(), 0.5)
  }
}

/// The number of samples worth one independent sample: 1 + 2 x the sum of the autocorrelations, summed in pairs while
/// the pairs are positive (Geyer's initial positive sequence). At least 1. It uses ranks, so that one disturbed
/// sample does not hide the correlation of the rest.
func autocorrelationTime(_ samples: [Double]) -> Double {
  let n = samples.count
  // With fewer samples, correlation cannot be told from chance.
  guard n >= 4 else { return 1 }
  let ranks = midranks(samples)
  let mean = Double(n - 1) / 2
  let deviations = ranks.map { $0 - mean }
  let power = deviations.reduce(0) { $0 + $1 * $1 }
  guard power > 0 else { return 1 }
  func correlation(_ lag: Int) -> Double {
    guard lag < n else { return 0 }
    var sum = 0.0
    for i in 0..<(n - lag) { sum += deviations[i] * deviations[i + lag] }
    return sum / power
  }
  var time = -1.0
  for pair in 0..<(n / 2) {
    let sum = correlation(2 * pair) + correlation(2 * pair + 1)
    guard sum > 0 else { break }
    time += 2 * sum
  }
  return max(1, time)
}

/// Ranks from 0; equal values get their mean rank.
package func midranks(_ values: [Double]) -> [Double] {
  let order = values.indices.sorted { values[$0] < values[$1] }
  var ranks = [Double](repeating: 0, count: values.count)
  var start = 0
  while start < order.count {
    var end = start
    while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
    for place in start..<end { ranks[order[place]] = Double(start + end - 1) / 2 }
    start = end
  }
  return ranks
}
