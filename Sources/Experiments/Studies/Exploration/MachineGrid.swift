import Foundation
import Machines
import Support

/// The values of a machine's figure to try: `l2=1MiB,2MiB,4MiB`, or `l2=512KiB..8MiB` for a geometric series with
/// eight steps an octave, or with N of them as `:N` says.
public struct FigureRange: Equatable, Sendable {
  public let figure: MachineFigure
  /// The values in rising order, in the figure's unit.
  public let values: [Double]

  public init(figure: MachineFigure, values: [Double]) {
    self.figure = figure
    self.values = Set(values).sorted()
  }

  /// Throws `InputError` for an unknown figure, a value that is no number, or a range that does not rise.
  public init(_ text: String) throws {
    do {
      self = try FigureRange.parsed(text)
    } catch let problem as InputError {
      throw InputError(key: "--vary \(text)", problem.message)
    }
  }

  private static func parsed(_ text: String) throws -> FigureRange {
    let sides = text.split(separator: "=", maxSplits: 1).map(String.init)
    guard sides.count == 2 else {
      throw InputError("expected FIGURE=VALUES, such as l2=1MiB,2MiB or bandwidth=100..800:16")
    }
    let figure = try MachineFigure(named: sides[0])
    guard let dots = sides[1].range(of: "..") else {
      return FigureRange(
        figure: figure, values: try sides[1].split(separator: ",").map { try figure.value(String($0)) })
    }
    let low = try figure.value(String(sides[1][..<dots.lowerBound]))
    let end = sides[1][dots.upperBound...].split(separator: ":", maxSplits: 1).map(String.init)
    let high = try figure.value(end.first ?? "")
    guard low < high else { throw InputError("expected a range that rises, found \(sides[1])") }
    var count = min(mostValues, Int((8 * log2(high / low)).rounded()) + 1)
    if end.count == 2 {
      guard let asked = Int(end[1]), (2...mostValues).contains(asked) else {
        throw InputError("expected 2 to \(mostValues) values after ':', found '\(end[1])'")
      }
      count = asked
    }
    return FigureRange(figure: figure, values: MachineFigure.geometric(from: low, to: high, count: max(2, count)))
  }

  private static let mostValues = 10_000
}

/// A machine with some figures changed.
public struct MachineVariant: Sendable {
  /// The base's name.
  public let base: String
  public let machine: Machine
  /// The figures that were changed, as the machine has them: capacities are rounded to whole sets.
  public let figures: [(figure: MachineFigure, value: Double)]

  public func value(_ figure: MachineFigure) -> Double? {
    figures.first { $0.figure == figure }?.value ?? figure.value(of: machine)
  }
}

/// Every combination of the values of several figures, on one base.
public struct MachineGrid {
  /// The largest grid: more machines take minutes, and their tables cannot be read.
  public static let most = 200_000

  /// The number of combinations of the ranges, without making any. Throws `InputError` where there are more than
  /// `most`.
  @discardableResult
  static func requireFew(_ ranges: [FigureRange]) throws -> CheckedSize {
    let count = ranges.reduce(CheckedSize(1)) { $0 * $1.values.count }
    guard count <= CheckedSize(most) else {
      throw InputError(
        key: "--vary", "expected a grid of at most \(CheckedSize(most)) machines, found \(count); name fewer values")
    }
    return count
  }

  /// Throws `InputError` with the first contradiction where no combination of the ranges is a valid machine.
  static func requireSome(of base: Machine, _ ranges: [FigureRange]) throws {
    let all = combinations(ranges)
    guard !all.contains(where: { base.with($0) != nil }) else { return }
    let first = all.first ?? []
    let figures = first.map { "\($0.figure.rawValue)=\($0.figure.text($0.value))" }.joined(separator: " ")
    throw InputError(
      key: "--vary",
      "expected values of which at least one makes a machine; \(base.name) with \(figures): "
        + (base.objection(to: first) ?? "no values"))
  }

  private static func combinations(_ ranges: [FigureRange]) -> [[(figure: MachineFigure, value: Double)]] {
    var changes: [[(figure: MachineFigure, value: Double)]] = [[]]
    for range in ranges {
      changes = changes.flatMap { before in range.values.map { before + [(range.figure, $0)] } }
    }
    return changes
  }

  /// All combinations except those that contradict themselves, such as an L2 larger than the L3. Throws as
  /// `requireFew`.
  public static func variants(of base: Machine, _ ranges: [FigureRange]) throws -> [MachineVariant] {
    try requireFew(ranges)
    return combinations(ranges).compactMap { changes in
      base.with(changes).map { machine in
        MachineVariant(
          base: base.name, machine: machine,
          figures: changes.compactMap { change in change.figure.value(of: machine).map { (change.figure, $0) } })
      }
    }
  }
}
