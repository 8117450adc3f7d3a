import Foundation
import Machines

/// Rates of random row reads as a function of the size of the row, or of the pieces that it is read in: a machine's own, or a
/// donor's shares of its streams.
struct RandomRowRates {
  private let rates: [RandomRowRate]
  /// Empty where the machine does not say.
  private let pieces: [RandomRowRate]

  /// What random rows reach of a stream from the same level where a machine file does not say: EPYC (Zen 4), one core of a
  /// virtual machine, micro-benchmarks of 2026-11-24 (docs/MODEL.md, "Numbers that were tuned").
  private static let assumedShares: [(rowBytes: Int, share: Double)] = [
    (128, 0.80), (256, 0.86), (512, 0.87), (1024, 0.88), (2048, 0.89),
  ]

  init(_ rates: [RandomRowRate], pieces: [RandomRowRate]) {
    self.rates = rates
    self.pieces = pieces
  }

  /// What random rows reach from a level that sustains `stream`, where the machine does not say.
  static func assumed(stream: Double) -> [RandomRowRate] {
    assumedShares.map { RandomRowRate(rowBytes: $0.rowBytes, rate: $0.share * stream) }
  }

  /// The rate of rows of `rowBytes` that are read in pieces of `pieceBytes`, one of each before the next of any; equal sizes
  /// where a row is read as a whole. Where the machine does not say what pieces reach, they come as whole rows do.
  func rate(pieceBytes: Double, ofRow rowBytes: Double) -> Double {
    pieceBytes < rowBytes && !pieces.isEmpty
      ? RandomRowRates.rate(in: pieces, bytes: pieceBytes) : RandomRowRates.rate(in: rates, bytes: rowBytes)
  }

  /// Piecewise linear in the size between the points, constant outside them.
  private static func rate(in rates: [RandomRowRate], bytes rowBytes: Double) -> Double {
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
