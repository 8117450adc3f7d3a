import Foundation
import Machines

/// Rates of random row reads as a function of the row's size, or of the size of the pieces in which it is read:
/// measured ones, or assumed shares of the machine's stream rates.
struct RandomRowRates {
  private let rates: [RandomRowRate]
  /// Rates of rows read in pieces; empty where the machine does not state them.
  private let pieces: [RandomRowRate]

  /// Share of a stream from the same level that random rows reach where a machine file does not state it, from
  /// micro-benchmarks on one core of an EPYC (Zen 4) virtual machine
  /// (docs/reference/model.md, "Numbers that were tuned").
  private static let assumedShares: [(rowBytes: Int, share: Double)] = [
    (128, 0.80), (256, 0.86), (512, 0.87), (1024, 0.88), (2048, 0.89),
  ]

  init(_ rates: [RandomRowRate], pieces: [RandomRowRate]) {
    self.rates = rates
    self.pieces = pieces
  }

  /// Rates of random rows from a level that sustains `stream`, where the machine does not state them.
  static func assumed(stream: Double) -> [RandomRowRate] {
    assumedShares.map { RandomRowRate(rowBytes: $0.rowBytes, rate: $0.share * stream) }
  }

  /// The rate of rows of `rowBytes` that are read in pieces of `pieceBytes`: one piece of each row before the next
  /// piece of any. Equal sizes mean that a row is read as a whole. Where the machine does not state the rate of
  /// pieces, that of whole rows holds.
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
