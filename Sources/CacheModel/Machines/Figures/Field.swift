import Support

/// One key of a part of a machine file: how its value is read and written and, where it states a figure of the
/// hardware, the figure's meaning to the model.
///
/// `Part` is `Machine` or one of the structures that it holds, such as `CacheDescription`. Reading, YAML, JSON,
/// `machines check`, bands, sensitivities and exploration know a machine file's keys only from the lists of fields in
/// FigureTable.swift.
struct Field<Part: Sendable>: Sendable {
  let key: String
  /// Whether the file must have the key. A file that changes another machine's part need not, because that part has
  /// it.
  var isRequired: Bool
  /// Whether a machine without it cannot be projected onto.
  var isNeededToProject = false
  /// Stores the value in the part. Throws `InputError` at the value, or records several with the reader.
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

/// The meaning of a machine's figure to the model.
struct Figure<Part: Sendable>: Sendable {
  typealias Move = @Sendable (inout Part, FigureFactors) -> Void

  let unit: FigureUnit
  let role: FigureRole
  /// One sentence for the documentation, without its full stop.
  let meaning: String
  /// The checks other than `range`, in a few words for the documentation.
  var rule: String?
  /// The range of a number; nil where the value is a list or a word.
  var range: ClosedRange<Double>?
  /// The number must be a multiple of this; 0 allows any.
  var step = 0.0
  /// The value that a projection assumes where the machine states none.
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
  /// Moves the figure alone, as a band does, in which each figure has an uncertainty of its own.
  var move: Move = { _, _ in }
  /// Moves the figure and those that depend on it, as a sensitivity does.
  var scale: Move = { _, _ in }
  /// Sets the figure and moves those that depend on it, as an exploration does.
  var replace: @Sendable (inout Part, Double) -> Void = { _, _ in }
}

/// The effect of a larger value of a figure on a projection.
enum FigureRole: Equatable {
  /// A larger value makes nothing slower.
  case rate
  /// A larger value makes nothing faster.
  case delay
  /// A curve of bandwidths and latencies.
  case curve
  /// No projection moves it, for this reason.
  case fixed(String)
}

/// How a sensitivity treats a figure.
enum FigureSensitivity: Equatable {
  /// The figure is moved by 10 %.
  case moved
  /// The figure is moved by 10 % where the traffic can be simulated again, because it changes the traffic.
  case movedWithTraffic
  /// The figure has no row of its own, for this reason.
  case left(String)
}

/// The factors of a figure as a rate and as a delay.
package struct FigureFactors: Sendable {
  package var rate: Double
  package var delay: Double

  package init(rate: Double, delay: Double) {
    self.rate = rate
    self.delay = delay
  }

  /// Scales rates and delays by one `factor`.
  package init(_ factor: Double) { self.init(rate: factor, delay: factor) }
}

/// The value that a projection assumes for a figure that a machine does not state, and the ends of its band.
package struct AssumedFigure: Sendable {
  /// The value at the slow end of the band.
  package var slow: Double
  package var expected: Double
  package var fast: Double
}

/// The unit of a figure, as documentation and exploration write it.
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
