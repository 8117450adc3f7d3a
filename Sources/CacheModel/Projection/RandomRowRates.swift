import Foundation

/// Rates of random row reads as a function of the row's size: a machine's own, or a donor's shares of its streams.
struct RandomRowRates {
  private var rates: [RandomRowRate]

  /// What random rows reach of a stream from the same level where a machine file does not say: EPYC (Zen 4), one core of a
  /// virtual machine, micro-benchmarks of 2026-11-24 (docs/MODEL.md, "Numbers that were tuned").
  private static let standInShares: [(rowBytes: Int, share: Double)] = [
    (128, 0.80), (256, 0.86), (512, 0.87), (1024, 0.88), (2048, 0.89),
  ]

  init(_ rates: [RandomRowRate], stream: Double) {
    self.rates =
      rates.isEmpty
      ? RandomRowRates.standInShares.map { RandomRowRate(rowBytes: $0.rowBytes, rate: $0.share * stream) } : rates
  }

  mutating func scale(by factor: Double) {
    for index in rates.indices { rates[index].rate *= factor }
  }

  /// Piecewise linear in the row's size between the points, constant outside them.
  func rate(rowBytes: Double) -> Double {
    guard var left = rates.first else { return 0 }
    if rowBytes <= Double(left.rowBytes) { return left.rate }
    for right in rates.dropFirst() {
      if rowBytes <= Double(right.rowBytes) {
        let weight = (rowBytes - Double(left.rowBytes)) / Double(right.rowBytes - left.rowBytes)
        return left.rate + (right.rate - left.rate) * weight
      }
      left = right
    }
    return left.rate
  }
}
