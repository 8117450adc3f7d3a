import Support

/// A number that a part of a machine stores, possibly absent.
protocol FigureNumber: Sendable {
  static var isWhole: Bool { get }
  /// The nearest number of this type.
  init(figure: Double)
  static func read(_ value: YAMLValue, in range: ClosedRange<Double>) throws -> Self
  /// Multiplies in place, because a grid of machines moves every figure of each machine.
  mutating func multiply(by factor: Double)
  /// The number as a double; nil where it is absent.
  var figure: Double? { get }
  var json: (any Encodable & Sendable)? { get }
}

extension Double: FigureNumber {
  static var isWhole: Bool { false }
  init(figure: Double) { self = figure }
  mutating func multiply(by factor: Double) { self *= factor }
  static func read(_ value: YAMLValue, in range: ClosedRange<Double>) throws -> Double { try value.double(in: range) }
  var figure: Double? { self }
  var json: (any Encodable & Sendable)? { self }
}

extension Int: FigureNumber {
  static var isWhole: Bool { true }
  init(figure: Double) { self = Int(figure.rounded()) }
  mutating func multiply(by factor: Double) { self = Int((Double(self) * factor).rounded()) }
  static func read(_ value: YAMLValue, in range: ClosedRange<Double>) throws -> Int {
    try value.int(in: Int(range.lowerBound)...Int(range.upperBound))
  }
  var figure: Double? { Double(self) }
  var json: (any Encodable & Sendable)? { self }
}

extension Optional: FigureNumber where Wrapped: FigureNumber {
  static var isWhole: Bool { Wrapped.isWhole }
  init(figure: Double) { self = Wrapped(figure: figure) }
  mutating func multiply(by factor: Double) { self?.multiply(by: factor) }
  static func read(_ value: YAMLValue, in range: ClosedRange<Double>) throws -> Wrapped? {
    try Wrapped.read(value, in: range)
  }
  var figure: Double? { flatMap(\.figure) }
  var json: (any Encodable & Sendable)? { flatMap(\.json) }
}
