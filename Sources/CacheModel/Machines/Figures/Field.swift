import Support

/// One key of a part of a machine file: how its value is read, how it is written and, where it states a figure of the
/// hardware, what that figure is to the model.
///
/// `Part` is `Machine` or one of the things that it holds, such as `CacheDescription`. The lists of fields in FigureTable.swift
/// are all that reading, YAML, JSON, `machines check`, bands, sensitivities and exploration know of a machine file's keys.
struct Field<Part: Sendable>: Sendable {
  let key: String
  /// Whether the file must have the key, unless it changes another machine's part, which has it.
  var isRequired: Bool
  /// Whether a machine without it cannot be projected onto.
  var isNeededToProject = false
  /// Puts what the value says into the part. Throws `InputError` at the value, or leaves several with the reader.
  var read: @Sendable (_ value: YAMLValue, _ part: inout Part, _ reader: MachineReader) throws -> Void
  /// The value as YAML behind `key: `, or behind `key:` where it begins with a new line; nil where the key is left out.
  let yaml: @Sendable (Part) -> String?
  /// The value for JSON; nil where the key is left out.
  let json: @Sendable (Part) -> (any Encodable & Sendable)?
  /// Nil for keys that state no figure of the hardware, such as names.
  var figure: Figure<Part>?
  /// Whether the part has a value.
  var isStated: @Sendable (Part) -> Bool
  /// The figures of the parts that the key holds; nil where it holds none.
  var places: (@Sendable (Machine) -> [PlacedFigure])?

  init(
    key: String, isRequired: Bool = false,
    read: @escaping @Sendable (YAMLValue, inout Part, MachineReader) throws -> Void,
    yaml: @escaping @Sendable (Part) -> String?,
    json: @escaping @Sendable (Part) -> (any Encodable & Sendable)?, figure: Figure<Part>? = nil
  ) {
    self.key = key
    self.isRequired = isRequired
    self.read = read
    self.yaml = yaml
    self.json = json
    self.figure = figure
    isStated = { yaml($0) != nil }
  }
}

/// What a figure of a machine is to the model.
struct Figure<Part: Sendable>: Sendable {
  typealias Move = @Sendable (inout Part, FigureFactors) -> Void

  let unit: FigureUnit
  let role: FigureRole
  /// One sentence for the documentation, without its full stop.
  let meaning: String
  /// What is refused beside `range`, in a few words for the documentation.
  var rule: String?
  /// What a number has to lie in; nil where the value is a list or a word.
  var range: ClosedRange<Double>?
  /// What a number has to be a multiple of; 0 where any will do.
  var step = 0.0
  /// What a projection takes where the machine does not say.
  var assumed: AssumedFigure?
  /// Why a band does not move it; nil where it does.
  var fixedInBand: String?
  /// How a sensitivity moves it.
  var sensitivity = FigureSensitivity.moved
  /// Levels of a list, 0 being the first, at which the equations use it; nil for all.
  var levelsUsed: (from: Int, to: Int)?
  /// The number; nil where the part lacks it, and for lists and words.
  var value: @Sendable (Part) -> Double? = { _ in nil }
  /// Sets the number and nothing else.
  var set: @Sendable (inout Part, Double) -> Void = { _, _ in }
  /// Moves the figure and nothing else: what a band does, whose figures each have an uncertainty of their own.
  var move: Move = { _, _ in }
  /// Moves the figure and what goes with it: what a sensitivity does.
  var scale: Move = { _, _ in }
  /// Sets the figure and moves what goes with it: what an exploration does.
  var replace: @Sendable (inout Part, Double) -> Void = { _, _ in }
}

/// What a larger value of a figure does to a projection.
enum FigureRole: Equatable {
  /// It makes nothing slower.
  case rate
  /// It makes nothing faster.
  case delay
  /// A curve of both: of bandwidths and latencies.
  case curve
  /// No projection is moved with it, for this reason.
  case fixed(String)
}

/// How a sensitivity treats a figure.
enum FigureSensitivity: Equatable {
  /// It is moved by a tenth.
  case moved
  /// It is moved by a tenth where the traffic can be simulated again, because it changes that too.
  case movedWithTraffic
  /// It has no row of its own, for this reason.
  case left(String)
}

/// By how much a figure is multiplied, as a rate and as a delay.
package struct FigureFactors: Sendable {
  package var rate: Double
  package var delay: Double

  package init(rate: Double, delay: Double) {
    self.rate = rate
    self.delay = delay
  }

  /// The figure itself times `factor`, whatever it means.
  package init(_ factor: Double) { self.init(rate: factor, delay: factor) }
}

/// What a projection takes for a figure that a machine does not state, and the ends of its band.
package struct AssumedFigure: Sendable {
  /// At the end where the machine is slower than expected.
  package var slow: Double
  package var expected: Double
  package var fast: Double
}

/// In what a figure is counted, as documentation and exploration write it.
package enum FigureUnit: String, Sendable {
  case bytes
  case bytesPerCycle = "bytes/cycle"
  case gigabytesPerSecond = "GB/s"
  case megatransfers = "MT/s"
  case nanoseconds = "ns"
  case cycles
  case gigahertz = "GHz"
  case bits
  case cores
  case lines
  case ways
  case channels
  case nodes
  case units
  case operations
  case instructionsPerCycle = "instructions/cycle"
  case multiplyAddsPerCycle = "multiply-adds/cycle"
  case share
  case word = "a word"
  case flag = "true or false"
  case rowsPerCycle = "[bytes, bytes/cycle]"
  case rowsPerSecond = "[bytes, GB/s]"
  case curves
}
