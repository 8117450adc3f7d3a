import Foundation
import Machines
import Simulation

/// How counted lines relate to simulated ones on the machine that counted them, boundary by boundary, over several points.
public struct TrafficRatios: Equatable, Sendable {
  /// Counted over simulated lines of one boundary.
  public struct Ratio: Equatable, Sendable {
    /// Geometric mean over the points.
    public var mean: Double
    /// Standard deviation of the logarithm over the points; of a single point the whole of the ratio's logarithm, because one
    /// point says nothing of others.
    public var spread: Double
    public var points: Int

    /// Where four fifths of a log-normal distribution lie: 1.2816 standard deviations on either side.
    public var low: Double { mean * exp(-1.2816 * spread) }
    public var high: Double { mean * exp(1.2816 * spread) }
  }

  /// Which end of the ratios' spread.
  public enum End: Sendable {
    case low, mean, high
  }

  /// By boundary, where lines were counted at any point.
  public let ratios: [TrafficBoundary: Ratio]

  public var isEmpty: Bool { ratios.isEmpty }

  /// Learns the ratios from pairs of a simulated traffic and that traffic with counted lines in it.
  ///
  /// A boundary counts at a point where its lines were counted as a whole and are more than a thousandth of those into the first level on
  /// both sides: ratios of fewer lines are noise, and such lines take no time.
  public init(_ pairs: [(simulated: Traffic, counted: Traffic)]) {
    var logarithms: [TrafficBoundary: [Double]] = [:]
    for (simulated, counted) in pairs {
      let least = 1e-3 * simulated.lines(over: .below(0, of: simulated.levelNames.count))
      for boundary in simulated.boundaries {
        let source = counted.source(of: boundary)
        guard source.origin == .counted, !source.isLowerBound else { continue }
        let (own, lines) = (simulated.lines(over: boundary), counted.lines(over: boundary))
        guard own > least, lines > least else { continue }
        logarithms[boundary, default: []].append(log(lines / own))
      }
    }
    ratios = logarithms.mapValues { values in
      let mean = values.reduce(0, +) / Double(values.count)
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      return Ratio(
        mean: exp(mean), spread: values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : abs(mean),
        points: values.count)
    }
  }
}

extension Traffic {
  /// The traffic with its lines multiplied by the ratios, at one end of their spread.
  public func corrected(by ratios: TrafficRatios, at end: TrafficRatios.End = .mean) -> Traffic {
    corrected(by: ratios) { ratio in
      switch end {
      case .low: ratio.low
      case .mean: ratio.mean
      case .high: ratio.high
      }
    }
  }

  /// The traffic at the far end of what the ratios allow on a machine of another kind, which may behave as simulated, too.
  public func widened(by ratios: TrafficRatios, at end: TrafficRatios.End) -> Traffic {
    corrected(by: ratios) { ratio in
      switch end {
      case .low: min(1, ratio.low)
      case .mean: 1
      case .high: max(1, ratio.high)
      }
    }
  }

  private func corrected(by ratios: TrafficRatios, _ factor: (TrafficRatios.Ratio) -> Double) -> Traffic {
    var replacements: [TrafficBoundary: ReplacingLines] = [:]
    for boundary in boundaries {
      guard let ratio = ratios.ratios[boundary] else { continue }
      let remark = String(
        format: "x %.2f, %.2f to %.2f over %d points", ratio.mean, ratio.low, ratio.high, ratio.points)
      replacements[boundary] = ReplacingLines(
        lines: lines(over: boundary) * factor(ratio), source: LineSource(.corrected, remark: remark))
    }
    return replacements.isEmpty ? self : replacing(replacements, origin: .corrected)
  }
}
