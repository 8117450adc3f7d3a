import Kernels
import Support

/// One dimension of a sweep: a parameter and the values it takes.
public struct Axis: Equatable, Sendable {
  public var parameter: Parameter
  public var values: [ParameterValue]

  public init(parameter: Parameter, values: [ParameterValue]) {
    self.parameter = parameter
    self.values = values
  }

  /// Reads `[a, b]`, `{pow2: [4, 10]}` (2^4 ... 2^10) or `{range: [low, high, step]}` (both ends included).
  init(_ parameter: Parameter, _ yaml: YAMLValue) throws {
    self.parameter = parameter
    if yaml.isList {
      values = try yaml.list().map(parameter.value)
    } else if yaml.isObject {
      let object = try yaml.object(keys: ["pow2", "range"])
      switch (object["pow2"], object["range"]) {
      case (let pow2?, nil): values = try Self.powersOfTwo(pow2).map { try parameter.value($0, at: pow2) }
      case (nil, let range?): values = try Self.range(range).map { try parameter.value($0, at: range) }
      default: throw yaml.error("expected either pow2: [low, high] or range: [low, high, step]")
      }
    } else {
      throw yaml.error("expected a list, {pow2: [low, high]} or {range: [low, high, step]}")
    }
    guard !values.isEmpty else { throw yaml.error("expected at least one value, found an empty list") }
    guard Set(values).count == values.count else { throw yaml.error("expected each value once") }
  }

  private static func powersOfTwo(_ yaml: YAMLValue) throws -> [Int] {
    // 2^31 is the largest number any parameter admits.
    let ends = try yaml.list().map { try $0.int(in: 0...31) }
    guard ends.count == 2, ends[0] <= ends[1] else {
      throw yaml.error("expected two exponents [low, high] with low <= high")
    }
    return (ends[0]...ends[1]).map { 1 << $0 }
  }

  /// Enough for any sweep, and small enough to catch a mistyped range.
  private static let longestRange = 10_000

  private static func range(_ yaml: YAMLValue) throws -> [Int] {
    let numbers = try yaml.list().map { try $0.int(in: 0...(1 << 31)) }
    guard numbers.count == 3, numbers[0] <= numbers[1], numbers[2] >= 1 else {
      throw yaml.error("expected [low, high, step] with low <= high and step >= 1")
    }
    guard (numbers[1] - numbers[0]) / numbers[2] < longestRange else {
      throw yaml.error("expected at most \(longestRange) values")
    }
    return Array(stride(from: numbers[0], through: numbers[1], by: numbers[2]))
  }
}
