import AccessStreams
import Support

/// The list of networks that a point can run. A network is a folder beside this file.
public enum Networks {
  public static let all: [any Network.Type] = [DenseNetwork.self, LookupNetwork.self]

  /// Columns of results.csv that networks fill, each once.
  public static let columns: [ResultColumn] = unique(all.flatMap { $0.columns }, by: \.name)

  /// Parameters of all networks, each once: the first network's, then those that others add.
  public static let parameters: [Parameter] = unique(all.flatMap { $0.parameters }, by: \.name)

  /// The network whose parameters a layer file contains; nil for none.
  public static func owner(of file: SafeTensors) -> (any Network.Type)? {
    all.last { network in network.layerMark.map { file.tensors[$0.tensor] != nil } ?? false }
  }

  /// Columns of results.csv that describe a strategy, each once.
  public static let strategyColumns: [ResultColumn] = unique(all.flatMap { $0.strategyColumns }, by: \.name)

  /// The strategy in the columns, such as `sliced/4096/128x8`; nil where they contain none.
  public static func strategyLabel(_ columns: (String) -> ParameterValue?) -> String? {
    for network in all {
      if let label = network.strategyLabel(columns) { return label }
    }
    return nil
  }

  private static func unique<Element>(_ elements: [Element], by name: (Element) -> String) -> [Element] {
    var known: Set<String> = []
    return elements.filter { known.insert(name($0)).inserted }
  }
}

/// A feed-forward network of a point: all that other modules may know of any network.
///
/// A value holds the network's resolved parameters. Its coded form is flat: its keys, in snake case, stand beside
/// those of the point in plan.jsonl, and are part of the point's id. A parameter that a later version adds must
/// therefore be omitted where it has its default.
///
/// Everything except the table of parameters and the cost and kernel that follow from it has a default implementation
/// here.
public protocol Network: Codable, Hashable, Sendable {
  // MARK: The kind of network

  /// The name in experiment files and results.
  static var name: String { get }
  /// A description in a few words.
  static var meaning: String { get }
  /// Its parameters and derived figures, each with the column of results.csv that it fills.
  static var settings: [NetworkSetting<Self>] { get }
  /// Whether other networks are compared with it.
  static var isBaseline: Bool { get }
  /// How its own layer files are recognised; nil for a network that is never stored.
  static var layerMark: LayerMark? { get }
  /// Whether it uses the activations of another network's layer file. Otherwise such a layer has no effect on it.
  static var takesForeignActivations: Bool { get }
  /// Whether operands of a type that the machine does not multiply are widened to fp32 and compared with the fp32
  /// peak.
  static var widensMissingTypes: Bool { get }

  /// The parameters that its own layer file fixes, from the file's metadata. Throws `InputError`.
  static func dimensions(of metadata: LayerMetadata) throws -> [Parameter: ParameterValue]
  /// Throws `InputError` where the layer file lacks something that a kernel of this network reads.
  static func checkLayer(_ file: SafeTensors) throws
  /// Runs its own layer file on the stored input and compares the output with the stored expectation.
  static func verify(_ request: VerificationRequest) throws -> Verification

  // MARK: Made from parameters

  /// Takes checked values, including defaults. Throws `ParameterError` where they contradict each other.
  init(_ values: [Parameter: ParameterValue], _ site: ResolvingSite) throws
  /// The network of a row of results, as far as the row describes it; nil where the row lacks a required column.
  init?(_ row: ResultFigures)

  // MARK: What it is

  /// Features of a token (d).
  var hidden: Int { get }
  /// Features of an output token.
  var output: Int { get }
  /// The element type that distinguishes it: of tables, or of the products' operands.
  var dtype: TableType { get }
  /// The operand type whose peak the whole network is compared with.
  var arithmetic: TableType { get }
  /// The operand type of a stage's multiply-adds.
  func arithmetic(ofStage stage: String) -> TableType
  /// Bytes of all look-up tables together; nil for a network without tables, and where they are 2^63 or more.
  var tableBytes: Int? { get }
  /// Whether its dimensions are those that networks of its kind customarily have: of two baselines it is preferred.
  var hasConventionalWidth: Bool { get }
  /// Whether it runs on the activations that its layer file stores, where it has one.
  var usesStoredInput: Bool { get }

  // MARK: Names for people

  /// Parts of a label for its dimensions, placed before those of the batch.
  var shapeLabel: [String] { get }
  /// Parts of a label for its settings, placed after those of the batch; settings at their default are left out.
  var settingsLabel: [String] { get }
  /// Its dimensions in reports, such as `d=512 ff=2048`; `bytes` formats a size.
  func shapeText(bytes: (Int) -> String) -> String
  /// The strategy of a row's network in reports; nil for networks without strategies.
  static func strategyText(_ row: ResultFigures) -> String?
  /// The strategy alone, such as `sliced/4096/128x8`, from columns of results.csv or tuning.csv; nil where they
  /// contain none.
  static func strategyLabel(_ columns: (String) -> ParameterValue?) -> String?

  // MARK: What it takes

  /// Bytes that a point needs at once: parameters, input and output activations, scratch. It is an estimate from the
  /// shapes, without the libraries' own buffers.
  func memoryNeeded(tokens: Int) -> CheckedSize
  /// The cost of each stage by the definition of the algorithm.
  var accounts: [StageAccount] { get }
  /// Numbers in a layer, including tables.
  var parameterCount: Double { get }

  // MARK: Running

  /// The matrix products that a library runs for a worker of `tokens` tokens; nil where there are none.
  func libraryProducts(tokens: Int) -> LibraryProducts?
  /// Builds the kernel. Throws `UnsupportedProduct` or `StrategyNotChosen` where it cannot run here or not yet.
  func kernel(at site: KernelSite) throws -> any Kernel

  // MARK: Choosing a strategy by measuring (`order: auto`)

  /// Whether measuring is to choose its strategy.
  var isOpen: Bool { get }
  /// The network with each strategy that is worth considering, the default first; empty where there is no choice.
  func candidates(_ pass: Pass, secondLevelBytes: Int?) -> [Self]
  /// The traffic and work of a pass in closed form, by which poor candidates are left unmeasured.
  func estimate(_ pass: Pass) -> PassEstimate?
  /// The most tokens of a pass that are needed to time a candidate.
  func tokensToTime(_ pass: Pass) -> Int
  /// The network with the strategy that a row contains; unchanged where nothing was open.
  func settled(by row: ResultFigures) -> Self
}

// MARK: - What those speak of

/// A parameter of a network, or a figure derived from its parameters, with the column of results.csv that it fills.
public struct NetworkSetting<Subject>: Sendable {
  /// Nil for a figure.
  public let parameter: Parameter?
  /// Nil where it has no column.
  public let column: ResultColumn?
  /// Whether `order: auto` chooses it.
  public let isStrategy: Bool
  /// The value in the form of an experiment file; nil where it has no effect on the network.
  public let value: @Sendable (Subject) -> ParameterValue?
  /// The value in the form of results.
  public let result: @Sendable (Subject) -> ParameterValue?

  /// A parameter, whose column has its name unless another is given. `result` is for a parameter whose form in
  /// results differs, and `legend` for one that distinguishes lines of a plot.
  public init(
    _ parameter: Parameter, column: String? = nil, isStrategy: Bool = false,
    legend: (@Sendable (String) -> String)? = nil, result: (@Sendable (Subject) -> ParameterValue?)? = nil,
    value: @escaping @Sendable (Subject) -> ParameterValue?
  ) {
    self.parameter = parameter
    self.column = ResultColumn(
      column ?? parameter.name, ResultColumn.Content(parameter.domain), parameter.domain, legend)
    self.isStrategy = isStrategy
    self.value = value
    self.result = result ?? value
  }

  /// A parameter without a column of the network's own: results contain it for every network, or not at all.
  public static func withoutColumn(
    _ parameter: Parameter, value: @escaping @Sendable (Subject) -> ParameterValue?
  ) -> Self {
    Self(parameter: parameter, column: nil, value: value, result: { _ in nil })
  }

  /// A figure that only results contain.
  public static func figure(
    _ name: String, _ content: ResultColumn.Content, _ result: @escaping @Sendable (Subject) -> ParameterValue?
  ) -> Self {
    Self(parameter: nil, column: ResultColumn(name, content), value: { _ in nil }, result: result)
  }

  private init(
    parameter: Parameter?, column: ResultColumn?, value: @escaping @Sendable (Subject) -> ParameterValue?,
    result: @escaping @Sendable (Subject) -> ParameterValue?
  ) {
    self.parameter = parameter
    self.column = column
    isStrategy = false
    self.value = value
    self.result = result
  }
}

/// A column of results.csv that networks fill.
public struct ResultColumn: Sendable {
  /// What the column contains where it is not empty.
  public enum Content: Sendable {
    case count, positiveCount, bytes, flag, text

    init(_ domain: ParameterDomain) {
      switch domain {
      case .number(let range): self = range.lowerBound == 0 ? .count : .positiveCount
      case .count, .powerOfTwo: self = .positiveCount
      default: self = .text
      }
    }
  }

  public let name: String
  public let content: Content
  /// The domain of the column's parameter; nil for a figure.
  private let domain: ParameterDomain?
  /// Formats a value for the legend of a plot; nil for a column that does not distinguish lines.
  public let legend: (@Sendable (String) -> String)?

  init(
    _ name: String, _ content: Content, _ domain: ParameterDomain? = nil,
    _ legend: (@Sendable (String) -> String)? = nil
  ) {
    self.name = name
    self.content = content
    self.domain = domain
    self.legend = legend
  }

  /// Whether a text column may contain `text`.
  public func admits(_ text: String) -> Bool {
    switch domain {
    case .names(let names): return names.contains(text)
    case .form(let form): return form.spelling(text) != nil
    default: return true
    }
  }
}

/// The figures of a row of results that describe its network.
public struct ResultFigures {
  public let hidden: Int
  public let output: Int
  public let dtype: TableType
  let columns: (String) -> ParameterValue?

  public init(hidden: Int, output: Int, dtype: TableType, columns: @escaping (String) -> ParameterValue?) {
    self.hidden = hidden
    self.output = output
    self.dtype = dtype
    self.columns = columns
  }

  public func int(_ column: String) -> Int? { columns(column)?.int }
  public func choice<Choice: RawRepresentable<String>>(_ column: String, _: Choice.Type = Choice.self) -> Choice? {
    if case .text(let text)? = columns(column) { Choice(rawValue: text) } else { nil }
  }
}

/// Conditions that a network's parameters may depend on besides each other.
public struct ResolvingSite {
  public var tokens: Int
  public var threads: Int
  /// Whether the point names a layer file.
  public var hasLayer: Bool
  /// The second-level cache of one core of the machine that plans, in bytes; nil where it is not known.
  public var secondLevelBytes: Int?

  public init(tokens: Int, threads: Int, hasLayer: Bool, secondLevelBytes: Int?) {
    self.tokens = tokens
    self.threads = threads
    self.hasLayer = hasLayer
    self.secondLevelBytes = secondLevelBytes
  }
}

/// One pass over a batch, as far as it is known before a kernel is built.
public struct Pass: Hashable, Sendable {
  public var tokens: Int
  public var threads: Int
  public var isa: ISA

  public init(tokens: Int, threads: Int, isa: ISA) {
    self.tokens = tokens
    self.threads = threads
    self.isa = isa
  }
}

/// The numbers of a layer that no file describes.
public enum SyntheticParameters: Sendable {
  /// Drawn from the point's seed.
  case drawn
  /// All alike, which is there at once: for passes whose results nobody reads.
  case constant
}

/// The conditions under which a kernel is built.
public struct KernelSite {
  /// The layer file that the point names; nil for a layer of random parameters.
  public var layer: SafeTensors?
  /// Seed of the random parameters.
  public var seed: UInt64
  public var pass: Pass
  /// The library that runs the products. Throws where there is none.
  public var library: () throws -> BLAS
  public var memory: any MemorySource
  /// Kernels of the same layer with other strategies; the new kernel may share memory with them.
  public var others: [any Kernel] = []
  /// What a layer that no file describes is made of.
  public var parameters = SyntheticParameters.drawn
  /// Rows for a gather to read in place of those that its hash names, [tokens, tables]; nil for the hash's own.
  public var rows: [Int32]?

  public init(
    layer: SafeTensors?, seed: UInt64, pass: Pass, library: @escaping () throws -> BLAS, memory: any MemorySource,
    others: [any Kernel] = []
  ) {
    self.layer = layer
    self.seed = seed
    self.pass = pass
    self.library = library
    self.memory = memory
    self.others = others
  }
}

/// A layer's products as one worker calls them, all run by one library.
public struct LibraryProducts {
  /// Names the layer in audit.csv, such as `dense 512-2048-512`.
  public var name: String
  public var products: [(rows: Int, product: LayerProduct)]
}

/// How the layer file of a network is recognised.
public struct LayerMark: Sendable {
  /// A key of the metadata that no other network's file has.
  public let key: String
  /// A tensor that no other network's file has.
  public let tensor: String
  /// The network's title, and a phrase for a layer of it, in messages.
  public let title: String
  public let phrase: String
}

/// The metadata of a layer file, with errors that name the file and the key.
public struct LayerMetadata {
  private let values: [String: String]
  private let file: String

  public init(_ values: [String: String], file: String) {
    self.values = values
    self.file = file
  }

  public subscript(_ key: String) -> String? { values[key] }

  public func error(_ key: String, _ message: String) -> InputError {
    InputError(file: file, key: "__metadata__.\(key)", message)
  }

  /// A number in the range of `parameter`. With `allowsNone`, 0 means none, which is nil. Throws `InputError`.
  public func number(_ key: String, _ parameter: Parameter, allowsNone: Bool = false) throws -> ParameterValue? {
    guard let text = values[key], let number = parseWholeNumber(text), (0...ParameterDomain.largest).contains(number)
    else {
      throw error(key, "expected a whole number from 0 to 2^31, found \(values[key].map(quote) ?? "nothing")")
    }
    if allowsNone, number == 0 { return nil }
    guard parameter.domain.accepts(number) else {
      throw error(key, "expected \(parameter.domain.expectation), found \(number)")
    }
    return .int(number)
  }
}

/// The point's strategy is open, and no measurement has chosen one yet.
public struct StrategyNotChosen: NotAvailableError {
  public let description = "its strategy (order: auto) is chosen by measuring, which a run does"
}

extension Parameter {
  /// Parameters that all networks have.
  public static let hidden = Parameter("hidden", .anyCount, default: .value(.int(512)), "Features of a token (d).")
  public static let dtype = Parameter(
    "dtype", .names(of: TableType.self), default: .value(.name(TableType.fp32)),
    "Type of the table entries, or of a dense network's products.")
}

// MARK: - Defaults

extension Network {
  public static var layerMark: LayerMark? { nil }
  public static var takesForeignActivations: Bool { false }
  public static var widensMissingTypes: Bool { false }

  public static func dimensions(of metadata: LayerMetadata) throws -> [Parameter: ParameterValue] { [:] }
  public static func checkLayer(_ file: SafeTensors) throws {}
  public static func verify(_ request: VerificationRequest) throws -> Verification {
    preconditionFailure("a network that is never stored owns no layer file")
  }

  public var arithmetic: TableType { .fp32 }
  public func arithmetic(ofStage stage: String) -> TableType { .fp32 }
  public var tableBytes: Int? { nil }
  public var hasConventionalWidth: Bool { true }
  public var usesStoredInput: Bool { true }
  public var settingsLabel: [String] { dtype == .fp32 ? [] : [dtype.rawValue] }
  public static func strategyText(_ row: ResultFigures) -> String? { nil }
  public static func strategyLabel(_ columns: (String) -> ParameterValue?) -> String? { nil }
  public func libraryProducts(tokens: Int) -> LibraryProducts? { nil }
  public var isOpen: Bool { false }
  public func candidates(_ pass: Pass, secondLevelBytes: Int?) -> [Self] { [] }
  public func estimate(_ pass: Pass) -> PassEstimate? { nil }
  public func tokensToTime(_ pass: Pass) -> Int { pass.tokens }
  public func settled(by row: ResultFigures) -> Self { self }
}

// MARK: - Derived

extension Network {
  public static var parameters: [Parameter] { settings.compactMap(\.parameter) }
  public static var columns: [ResultColumn] { settings.compactMap(\.column) }
  public static var strategyParameters: [Parameter] { settings.filter(\.isStrategy).compactMap(\.parameter) }
  public var strategyParameters: [Parameter] { Self.strategyParameters }
  public static var strategyColumns: [ResultColumn] { settings.filter(\.isStrategy).compactMap(\.column) }
  public static var kind: KernelKind { KernelKind(Self.self) }
  public var kind: KernelKind { Self.kind }

  /// The value of a parameter in the form of an experiment file; nil where it has no effect on the network.
  public func value(of parameter: Parameter) -> ParameterValue? {
    Self.settings.first { $0.parameter == parameter }?.value(self)
  }

  // A type that is only known as some network cannot call initialisers, but can call these functions.
  fileprivate static func made(
    _ values: [Parameter: ParameterValue], _ site: ResolvingSite
  ) throws -> any Network { try Self(values, site) }
  fileprivate static func made(from decoder: any Decoder) throws -> any Network { try Self(from: decoder) }
  fileprivate static func made(_ row: ResultFigures) -> (any Network)? { Self(row) }

  /// The values of the network's columns of results.csv, by column.
  public var figures: [String: ParameterValue] {
    var figures: [String: ParameterValue] = [:]
    for setting in Self.settings {
      if let column = setting.column { figures[column.name] = setting.result(self) }
    }
    return figures
  }

  /// The values that `order: auto` would choose, by parameter; empty where they are open.
  public var strategyValues: [String: ParameterValue] {
    guard !isOpen else { return [:] }
    return Dictionary(
      Self.settings.filter(\.isStrategy).compactMap { setting in
        setting.parameter.flatMap { parameter in setting.value(self).map { (parameter.name, $0) } }
      }, uniquingKeysWith: { first, _ in first })
  }

  /// Whether `other` is of the same kind and has the same parameters.
  public func isEqual(to other: any Network) -> Bool { (other as? Self) == self }
}

/// The network that a point runs, by name.
public struct KernelKind: RawRepresentable, CaseIterable, Codable, Hashable, Sendable {
  public let network: any Network.Type

  init(_ network: any Network.Type) {
    self.network = network
  }

  public static var allCases: [KernelKind] { Networks.all.map(KernelKind.init) }

  public var rawValue: String { network.name }

  public init?(rawValue: String) {
    guard let known = Networks.all.first(where: { $0.name == rawValue }) else { return nil }
    network = known
  }

  public var isBaseline: Bool { network.isBaseline }
  /// Whether this network is held against a baseline.
  public var needsBaseline: Bool { !network.isBaseline }

  /// The network with these parameters, including defaults. Throws `ParameterError` where they contradict each other.
  public func network(_ values: [Parameter: ParameterValue], _ site: ResolvingSite) throws -> any Network {
    try network.made(values, site)
  }

  /// The network in a point's coded form.
  public func network(from decoder: any Decoder) throws -> any Network {
    try network.made(from: decoder)
  }

  /// The network of a row of results; nil where the row lacks a required column.
  public func network(of row: ResultFigures) -> (any Network)? {
    network.made(row)
  }

  public static func == (a: KernelKind, b: KernelKind) -> Bool { a.rawValue == b.rawValue }
  public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}
