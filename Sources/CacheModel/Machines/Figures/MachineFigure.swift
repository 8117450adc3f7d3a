import Foundation
import Support

/// A figure of a machine that an exploration varies, to find machines that do not exist yet.
///
/// This list gives names and titles to entries of the table of figures, which holds units, ranges and dependent
/// figures.
public struct MachineFigure: RawRepresentable, Sendable, Encodable {
  /// The name on the command line, such as `l2-bandwidth`.
  public let rawValue: String
  /// The title of an axis.
  public let title: String
  /// Values that a question tries unless `--vary` names others; nil for a geometric series about the machine's own value.
  private let defaults: [Double]?
  private let figure: PlacedFigure

  /// The order is that of the columns of an exploration's tables.
  public static let allCases = [
    MachineFigure("l1", "caches[0].size", "L1 capacity of one instance"),
    MachineFigure("l2", "caches[1].size", "L2 capacity of one instance"),
    MachineFigure("l3", "caches[2].size", "L3 capacity of one instance"),
    MachineFigure("l2-bandwidth", "caches[1].bytes_per_cycle", "L2 bandwidth (bytes per cycle and core)"),
    MachineFigure("l3-bandwidth", "caches[2].bytes_per_cycle", "L3 bandwidth (bytes per cycle and core)"),
    MachineFigure("bandwidth", "memory[0].peak_gbps", "Memory bandwidth, peak (GB/s)"),
    MachineFigure("latency", "memory[0].idle_latency_ns", "Memory latency, idle (ns)"),
    MachineFigure("lines", "memory[0].lines_in_flight_per_core", "Lines in flight per core"),
    MachineFigure("cores", "cores", "Cores"),
    MachineFigure("simd", "simd.width_bits", "Vector width (bits)", defaults: [128, 256, 512, 1024, 2048]),
    MachineFigure("frequency", "frequency_ghz", "Frequency (GHz)"),
  ].compactMap { $0 }

  /// Nil where the table has no figure at `path`.
  private init?(_ name: String, _ path: String, _ title: String, defaults: [Double]? = nil) {
    guard let figure = MachineFigure.places[path] else { return nil }
    rawValue = name
    self.title = title
    self.defaults = defaults
    self.figure = figure
  }

  /// The figures of a machine of three levels of cache and one memory, by key path.
  private static let places: [String: PlacedFigure] = {
    let machine = Machine(
      name: "", caches: (1...3).map { CacheDescription(name: "L\($0)", sizeBytes: 0, ways: 0) },
      memory: [
        MemoryDescription(name: "", peakGigabytesPerSecond: 0, idleLatencyNanoseconds: 0, linesInFlightPerCore: 0)
      ])
    return Dictionary(machine.figures.map { ($0.path, $0) }) { first, _ in first }
  }()

  public init?(rawValue: String) {
    guard let figure = MachineFigure.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = figure
  }

  public init(named name: String) throws {
    guard let figure = MachineFigure(rawValue: name) else {
      let names = MachineFigure.allCases.map(\.rawValue)
      let hint = nearestName(to: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
      throw InputError("expected a figure of a machine (\(names.joined(separator: ", "))), found \(quote(name))\(hint)")
    }
    self = figure
  }

  public var unit: String { figure.unit.rawValue }

  /// Key path of the figure in a machine file.
  public var path: String { figure.path }

  /// Whether a machine with a larger value is the easier one to build.
  public var moreIsCheaper: Bool { figure.role == .delay }

  // MARK: - Values

  public func text(_ value: Double) -> String {
    if figure.unit == .bytes { return formatByteCount(Int(min(value, 0x1p62))) }
    if figure.step > 0 { return "\(Int(min(value, 0x1p62)))" }
    return String((value * 100).rounded() / 100)
  }

  /// Reads a value as `text` writes it, or a plain number. Throws `InputError` where a machine file would refuse the
  /// value.
  public func value(_ text: String) throws -> Double {
    let (low, high) = (figure.range?.lowerBound ?? -.infinity, figure.range?.upperBound ?? .infinity)
    let number = figure.unit == .bytes ? parseByteCount(text).map(Double.init) : parseNumber(text)
    guard let number, number >= low, number <= high else {
      let expected =
        figure.unit == .bytes
        ? "a size such as 2MiB, at most \(self.text(high)),"
        : "a number of \(unit) from \(self.text(low)) to \(self.text(high))"
      throw InputError("expected \(expected) for \(rawValue), found \(quote(text))")
    }
    guard figure.step == 0 || number.remainder(dividingBy: figure.step) == 0 else {
      throw InputError("expected a multiple of \(self.text(figure.step)) \(unit) for \(rawValue), found \(quote(text))")
    }
    return number
  }

  /// The machine's own value; nil where it lacks the figure.
  public func value(of machine: Machine) -> Double? { figure.value(machine) }

  /// Values that are tried unless `--vary` names others: from a sixteenth of the machine's own to sixteen times it, eight an
  /// octave, as far as machine files may go; vectors in powers of two.
  public func range(around machine: Machine) -> [Double] {
    guard let own = value(of: machine) else { return [] }
    let values = defaults ?? MachineFigure.geometric(from: own / 16, to: own * 16, count: 8 * 8 + 1)
    return values.filter { value in figure.range.map { $0.contains(value) } ?? true }
  }

  /// `count` values from `low` to `high`, each the same factor above the one before.
  public static func geometric(from low: Double, to high: Double, count: Int) -> [Double] {
    guard count > 1 else { return [low] }
    // The ends themselves are exact.
    return (0..<count).map { $0 == count - 1 ? high : low * pow(high / low, Double($0) / Double(count - 1)) }
  }

  /// Returns false where the machine lacks the figure.
  fileprivate func set(_ value: Double, of machine: inout Machine) -> Bool {
    guard self.value(of: machine) != nil, value > 0, value.isFinite else { return false }
    figure.replace(&machine, value)
    return true
  }
}

extension MachineFigure: CaseIterable, Hashable {
  public static func == (a: MachineFigure, b: MachineFigure) -> Bool { a.rawValue == b.rawValue }
  public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}

extension Machine {
  /// This machine with one figure changed: see `with(_:)`.
  public func with(_ figure: MachineFigure, _ value: Double) -> Machine? { with([(figure, value)]) }

  /// This machine with some figures changed and everything else as it is: latencies do not grow with capacities.
  /// Capacities become the nearest whole number of sets.
  ///
  /// Nil where the machine lacks a figure, or where the result contradicts itself, such as an L2 larger than the L3.
  public func with(_ changes: [(figure: MachineFigure, value: Double)]) -> Machine? {
    changed(changes).flatMap { $0.contradiction == nil ? $0.machine : nil }
  }

  /// Why `with(changes)` is nil, as key path and message; nil where it is not nil.
  public func objection(to changes: [(figure: MachineFigure, value: Double)]) -> String? {
    guard let changed = changed(changes) else { return "\(name) lacks one of the figures" }
    return changed.contradiction.map { "\($0.key): \($0.message)" }
  }

  private func changed(
    _ changes: [(figure: MachineFigure, value: Double)]
  ) -> (machine: Machine, contradiction: Inconsistency?)? {
    var machine = self
    for change in changes {
      guard change.figure.set(change.value, of: &machine) else { return nil }
    }
    machine.status = .hypothetical
    // Only contradictions that the changes caused.
    let after = machine.contradictions
    if after.isEmpty { return (machine, nil) }
    let before = Set(contradictions.map(\.key))
    return (machine, after.first { !before.contains($0.key) })
  }
}
