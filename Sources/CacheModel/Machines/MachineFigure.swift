import Foundation
import Support

/// A figure of a machine that one can ask for more or less of, to explore machines that nobody has built.
public enum MachineFigure: String, CaseIterable, Sendable, Encodable {
  /// Capacity of one instance, in bytes.
  case l1, l2, l3
  /// Bytes per cycle and core between the level and the one above it.
  case l2Bandwidth = "l2-bandwidth"
  case l3Bandwidth = "l3-bandwidth"
  /// Peak of the memory in GB/s; its curve moves along.
  case bandwidth
  /// Idle latency of the memory in ns; its curve moves along.
  case latency
  /// Lines on their way from memory, per core.
  case lines
  case cores
  /// Bits of a vector.
  case simd
  /// GHz.
  case frequency

  public init(named name: String) throws {
    guard let figure = MachineFigure(rawValue: name) else {
      let names = MachineFigure.allCases.map(\.rawValue)
      let hint = nearestName(to: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
      throw InputError("expected a figure of a machine (\(names.joined(separator: ", "))), found \(quote(name))\(hint)")
    }
    self = figure
  }

  public var unit: String {
    switch self {
    case .l1, .l2, .l3: "bytes"
    case .l2Bandwidth, .l3Bandwidth: "bytes/cycle"
    case .bandwidth: "GB/s"
    case .latency: "ns"
    case .lines: "lines"
    case .cores: "cores"
    case .simd: "bits"
    case .frequency: "GHz"
    }
  }

  /// Whether a machine with more of it is the easier one to build.
  public var moreIsCheaper: Bool { self == .latency }

  /// What the figure is called on an axis.
  public var title: String {
    switch self {
    case .l1, .l2, .l3: "\(rawValue.uppercased()) capacity of one instance"
    case .l2Bandwidth, .l3Bandwidth: "\(rawValue.prefix(2).uppercased()) bandwidth (bytes per cycle and core)"
    case .bandwidth: "Memory bandwidth, peak (GB/s)"
    case .latency: "Memory latency, idle (ns)"
    case .lines: "Lines in flight per core"
    case .cores: "Cores"
    case .simd: "Vector width (bits)"
    case .frequency: "Frequency (GHz)"
    }
  }

  public func text(_ value: Double) -> String {
    switch self {
    case .l1, .l2, .l3: formatByteCount(Int(min(value, 0x1p62)))
    case .cores, .simd: "\(Int(min(value, 0x1p62)))"
    default: String((value * 100).rounded() / 100)
    }
  }

  /// Beyond any cache (a terabyte) and any other figure that can be asked for, and small enough to be counted with.
  private static let largestCache = 1 << 40
  private static let largestNumber = 1e9

  /// Reads a value as `text` writes it, and plain numbers.
  public func value(_ text: String) throws -> Double {
    switch self {
    case .l1, .l2, .l3:
      guard let bytes = parseByteCount(text), bytes > 0, bytes <= Self.largestCache else {
        throw InputError(
          "expected a size such as 2MiB, at most \(formatByteCount(Self.largestCache)), for \(rawValue), found "
            + quote(text))
      }
      return Double(bytes)
    default:
      guard let number = parseNumber(text), number > 0, number <= Self.largestNumber else {
        throw InputError(
          "expected a number of \(unit) above 0, at most \(Int(Self.largestNumber)), for \(rawValue), found "
            + quote(text))
      }
      return number
    }
  }

  /// The cache level that the figure is of; nil for others.
  private var level: Int? {
    switch self {
    case .l1: 0
    case .l2, .l2Bandwidth: 1
    case .l3, .l3Bandwidth: 2
    default: nil
    }
  }

  /// The machine's own value; nil where it lacks the figure.
  public func value(of machine: Machine) -> Double? {
    if let level, level >= machine.caches.count { return nil }
    switch self {
    case .l1, .l2, .l3: return level.map { Double(machine.caches[$0].sizeBytes) }
    case .l2Bandwidth, .l3Bandwidth: return level.flatMap { machine.caches[$0].bytesPerCycle }
    case .bandwidth: return machine.memory.first?.peakGigabytesPerSecond
    case .latency: return machine.memory.first?.idleLatencyNanoseconds
    case .lines: return machine.memory.first?.linesInFlightPerCore
    case .cores: return machine.cores.map(Double.init)
    case .simd: return machine.simd.map { Double($0.widthBits) }
    case .frequency: return machine.frequencyGHz
    }
  }

  /// Values worth asking for where nobody names any: from a sixteenth of the machine's own to sixteen times it, eight an
  /// octave; vectors in powers of two.
  public func range(around machine: Machine) -> [Double] {
    guard let own = value(of: machine) else { return [] }
    if self == .simd { return [128, 256, 512, 1024, 2048] }
    return MachineFigure.geometric(from: own / 16, to: own * 16, count: 8 * 8 + 1)
  }

  /// `count` values from `low` to `high`, each the same factor above the one before.
  public static func geometric(from low: Double, to high: Double, count: Int) -> [Double] {
    guard count > 1 else { return [low] }
    // The ends themselves are exact.
    return (0..<count).map { $0 == count - 1 ? high : low * pow(high / low, Double($0) / Double(count - 1)) }
  }
}

extension Machine {
  /// This machine with one figure changed: see `with(_:)`.
  public func with(_ figure: MachineFigure, _ value: Double) -> Machine? { with([(figure, value)]) }

  /// This machine with some figures changed, everything else as it is: latencies do not grow with capacities. Capacities
  /// become the nearest whole number of sets.
  ///
  /// Nil where the machine lacks a figure, or where the result contradicts itself, such as an L2 larger than the L3.
  public func with(_ changes: [(figure: MachineFigure, value: Double)]) -> Machine? {
    var machine = self
    for change in changes {
      guard machine.set(change.figure, change.value) else { return nil }
    }
    // What the changes brought about, not what was there before.
    let before = Set(contradictions.map(\.key))
    guard machine.contradictions.allSatisfy({ before.contains($0.key) }) else { return nil }
    machine.status = .hypothetical
    return machine
  }

  /// Whether the figure is there to be set.
  private mutating func set(_ figure: MachineFigure, _ value: Double) -> Bool {
    guard let own = figure.value(of: self), value > 0, value.isFinite else { return false }
    switch figure {
    case .l1: resizeCache(0, value)
    case .l2: resizeCache(1, value)
    case .l3: resizeCache(2, value)
    case .l2Bandwidth: speedUpCache(1, to: value, from: own)
    case .l3Bandwidth: speedUpCache(2, to: value, from: own)
    case .bandwidth:
      memory[0].peakGigabytesPerSecond = value
      memory[0].scaleCurves(bandwidth: value / own)
    case .latency:
      memory[0].idleLatencyNanoseconds = value
      memory[0].shiftCurves(nanoseconds: value - own)
    case .lines: memory[0].linesInFlightPerCore = value
    case .cores:
      let count = max(1, Int(min(value.rounded(), 0x1p31)))
      effectiveCores = effectiveCores(of: count)
      cores = count
    case .simd: simd?.widthBits = max(32, Int((min(value, 0x1p31) / 32).rounded()) * 32)
    case .frequency: frequencyGHz = value
    }
    return true
  }

  private mutating func resizeCache(_ level: Int, _ bytes: Double) {
    let setBytes = caches[level].ways * caches[level].lineBytes
    caches[level].sizeBytes = max(1, Int((bytes / Double(setBytes)).rounded())) * setBytes
  }

  private mutating func speedUpCache(_ level: Int, to rate: Double, from own: Double) {
    caches[level].bytesPerCycle = rate
    caches[level].randomRows.scale(by: rate / own)
    caches[level].randomRowPieces.scale(by: rate / own)
  }
}

extension MemoryDescription {
  fileprivate mutating func shiftCurves(nanoseconds: Double) {
    for index in curve.indices {
      for point in curve[index].points.indices {
        curve[index].points[point].nanoseconds = max(0, curve[index].points[point].nanoseconds + nanoseconds)
      }
    }
  }
}
