import Support

/// A number that a part of a machine stores, present or not.
protocol FigureNumber: Sendable {
  static var isWhole: Bool { get }
  /// The nearest number of this type.
  init(figure: Double)
  static func read(_ value: YAMLValue, in range: ClosedRange<Double>) throws -> Self
  /// Nil where there is none.
  var figure: Double? { get }
  var json: (any Encodable & Sendable)? { get }
}

extension Double: FigureNumber {
  static var isWhole: Bool { false }
  init(figure: Double) { self = figure }
  static func read(_ value: YAMLValue, in range: ClosedRange<Double>) throws -> Double { try value.double(in: range) }
  var figure: Double? { self }
  var json: (any Encodable & Sendable)? { self }
}

extension Int: FigureNumber {
  static var isWhole: Bool { true }
  init(figure: Double) { self = Int(figure.rounded()) }
  static func read(_ value: YAMLValue, in range: ClosedRange<Double>) throws -> Int {
    try value.int(in: Int(range.lowerBound)...Int(range.upperBound))
  }
  var figure: Double? { Double(self) }
  var json: (any Encodable & Sendable)? { self }
}

extension Optional: FigureNumber where Wrapped: FigureNumber {
  static var isWhole: Bool { Wrapped.isWhole }
  init(figure: Double) { self = Wrapped(figure: figure) }
  static func read(_ value: YAMLValue, in range: ClosedRange<Double>) throws -> Wrapped? {
    try Wrapped.read(value, in: range)
  }
  var figure: Double? { flatMap(\.figure) }
  var json: (any Encodable & Sendable)? { flatMap(\.json) }
}
