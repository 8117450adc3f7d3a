import AccessStreams
import Support

/// The networks that a point can run: the one list of them. A network is a folder beside this file.
public enum Networks {
  public static let all: [any Network.Type] = [DenseNetwork.self, LookupNetwork.self]

  /// Columns of results.csv that some network fills, each once.
  public static let columns: [ResultColumn] = unique(all.flatMap { $0.columns }, by: \.name)

  /// Parameters of any network, each once: the first network's, then those that others add.
  public static let parameters: [Parameter] = unique(all.flatMap { $0.parameters }, by: \.name)

  /// The network whose parameters a layer file holds; nil for none.
  public static func owner(of file: SafeTensors) -> (any Network.Type)? {
    all.last { network in network.layerMark.map { file.tensors[$0.tensor] != nil } ?? false }
  }

  /// Columns of results.csv that say a strategy, each once.
  public static let strategyColumns: [ResultColumn] = unique(all.flatMap { $0.strategyColumns }, by: \.name)

  /// The strategy that columns say, such as `sliced/4096/128x8`; nil where they say none.
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

/// A feed-forward network as a point asks for it: what the rest of the house may know of any network.
///
/// A value is the network's parameters, resolved. Its coded form is flat: its keys, in snake case, stand beside those of
/// the point in plan.jsonl, and are part of the point's id. A parameter that a later version adds must therefore be left
/// out where it has its default.
///
/// Everything but the table of parameters and what is counted and built from them has a default here.
public protocol Network: Codable, Hashable, Sendable {
  // MARK: The kind of network

  /// How experiment files and results name it.
  static var name: String { get }
  /// What it is, in a few words.
  static var meaning: String { get }
  /// Its parameters, and figures that follow from them, each with the column of results.csv that it fills.
  static var settings: [NetworkSetting<Self>] { get }
  /// Whether it is what other networks are compared with.
  static var isBaseline: Bool { get }
  /// How a layer file of its own is known; nil for a network that is never stored.
  static var layerMark: LayerMark? { get }
  /// Whether a layer file of another network lends it activations. Otherwise such a layer does not matter to it.
  static var takesForeignActivations: Bool { get }
  /// Whether operands of a type that the machine does not multiply are widened to fp32, which it then is held against.
  static var widensMissingTypes: Bool { get }

  /// The parameters that a layer file of its own fixes, from the file's metadata. Throws `InputError`.
  static func dimensions(of metadata: LayerMetadata) throws -> [Parameter: ParameterValue]
  /// Throws `InputError` where the layer file lacks what a kernel of this network reads of it.
  static func checkLayer(_ file: SafeTensors) throws
  /// Runs a layer file of its own on its stored input and compares it with the stored expectation.
  static func verify(_ request: VerificationRequest) throws -> Verification

  // MARK: Made from parameters

  /// From checked values, defaults included. Throws `ParameterError` where they make no network together.
  init(_ values: [Parameter: ParameterValue], _ site: ResolvingSite) throws
  /// As far as a row of results tells; nil where the row lacks what every network of this kind has.
  init?(_ row: ResultFigures)

  // MARK: What it is

  /// Features of a token (d).
  var hidden: Int { get }
  /// Features of an output token.
  var output: Int { get }
  /// The element type that sets it apart: of tables, or of the products' operands.
  var dtype: TableType { get }
  /// The operand type whose peak it as a whole is held against.
  var arithmetic: TableType { get }
  /// The operand type of a stage's multiply-adds.
  func arithmetic(ofStage stage: String) -> TableType
  /// Bytes of all look-up tables together; nil for a network without, and where they are 2^63 or more.
  var tableBytes: Int? { get }
  /// Whether its dimensions are those that networks of its kind customarily have: of two baselines it is preferred.
  var isCustomary: Bool { get }
  /// Whether it runs on the activations that its layer file stores, where it has one.
  var usesStoredInput: Bool { get }

  // MARK: Names for people

  /// Parts of a label that say its dimensions, before those of the batch.
  var shapeLabel: [String] { get }
  /// Parts of a label that say how it runs, behind those of the batch; settings at their default are left out.
  var settingsLabel: [String] { get }
  /// Its dimensions in reports, such as `d=512 ff=2048`; `bytes` spells a size.
  func shapeText(bytes: (Int) -> String) -> String
  /// How the network of a row walked, in reports; nil for networks that have one way.
  static func strategyText(_ row: ResultFigures) -> String?
  /// The strategy alone, such as `sliced/4096/128x8`, as columns of results.csv or tuning.csv say it; nil where they say none.
  static func strategyLabel(_ columns: (String) -> ParameterValue?) -> String?

  // MARK: What it takes

  /// Bytes that a point needs at once: parameters, input and output activations, scratch. An estimate from the shapes;
  /// libraries' own buffers are not in it.
  func memoryNeeded(tokens: Int) -> CheckedSize
  /// What each stage costs, by definition of the algorithm.
  var accounts: [StageAccount] { get }
  /// Numbers of a layer, tables included.
  var parameterCount: Double { get }

  // MARK: Running

  /// The matrix products that a library runs for a worker of `tokens` tokens; nil where there are none.
  func libraryProducts(tokens: Int) -> LibraryProducts?
  /// Builds what runs. Throws `UnsupportedProduct` or `StrategyNotChosen` where it cannot run here or yet.
  func kernel(at site: KernelSite) throws -> any Kernel

  // MARK: Choosing a strategy by measuring (`order: auto`)

  /// Whether a part of it is to be chosen by measuring.
  var isOpen: Bool { get }
  /// The network with each choice that is worth a thought, the default first; empty where there is nothing to choose.
  func candidates(_ pass: Pass, secondLevelBytes: Int?) -> [Self]
  /// What a pass would move and compute, in closed form, by which hopeless candidates are left unmeasured.
  func estimate(_ pass: Pass) -> PassEstimate?
  /// The most tokens of a pass that it takes to time a candidate.
  func tokensToTime(_ pass: Pass) -> Int
  /// The network with what was chosen for it, as a row says it; itself where nothing was left open.
  func settled(by row: ResultFigures) -> Self
}

// MARK: - What those speak of

/// A parameter of a network, or a figure that follows from its parameters, with the column of results.csv that it fills.
public struct NetworkSetting<Subject>: Sendable {
  /// Nil for a figure.
  public let parameter: Parameter?
  /// Nil where no column says it.
  public let column: ResultColumn?
  /// Whether it is a part of what `order: auto` chooses.
  public let isStrategy: Bool
  /// As an experiment file would give it; nil where it does not matter to the network.
  public let value: @Sendable (Subject) -> ParameterValue?
  /// As results have it.
  public let result: @Sendable (Subject) -> ParameterValue?

  /// A parameter, whose column has its name unless another is given; `result` where results say it differently, and
  /// `legend` where lines of a plot are told apart by it.
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

  /// A parameter that has no column of the network's own: results say it for every network, or not at all.
  public static func withoutColumn(
    _ parameter: Parameter, value: @escaping @Sendable (Subject) -> ParameterValue?
  ) -> Self {
    Self(parameter: parameter, column: nil, value: value, result: { _ in nil })
  }

  /// A figure that only results have.
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
  /// What it holds where it is not empty.
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
  /// The domain of the parameter that the column says; nil for a figure.
  private let domain: ParameterDomain?
  /// Spells a value in the legend of a plot; nil for a column that tells no lines apart.
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

  /// Whether a column of text may hold this.
  public func admits(_ text: String) -> Bool {
    switch domain {
    case .names(let names): return names.contains(text)
    case .form(let form): return form.spelling(text) != nil
    default: return true
    }
  }
}

/// What a row of results tells of the network that ran.
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

/// What a network's parameters may depend on besides each other.
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

/// Where and for what a kernel is built.
public struct KernelSite {
  /// The layer file that the point names; nil for a layer of random parameters.
  public var layer: SafeTensors?
  /// Names the random parameters.
  public var seed: UInt64
  public var pass: Pass
  /// The library that runs the products. Throws where there is none.
  public var library: () throws -> BLAS
  public var memory: any MemorySource
  /// Kernels of the same layer and of other strategies, with which the new one may share what both hold.
  public var others: [any Kernel] = []

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

/// A layer's products as one worker calls them, which one library is to run.
public struct LibraryProducts {
  /// Names the layer in audit.csv, such as `dense 512-2048-512`.
  public var name: String
  public var products: [(rows: Int, product: LayerProduct)]
}

/// How the layer file of a network is known.
public struct LayerMark: Sendable {
  /// A key of the metadata that no other network's file has.
  public let key: String
  /// A tensor that no other network's file has.
  public let tensor: String
  /// What people call the network, and a layer of it.
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

  /// A number that `parameter` may have. Throws `InputError`; `allowsNone`: 0 stands for none, which is nil.
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

/// The point leaves its strategy open, and no measurement has chosen one yet.
public struct StrategyNotChosen: NotAvailableError {
  public let description = "its strategy (order: auto) is chosen by measuring, which a run does"
}

extension Parameter {
  /// Parameters that every network so far has.
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
  public var isCustomary: Bool { true }
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

  /// The value of a parameter as an experiment file would give it; nil where it does not matter to the network.
  public func value(of parameter: Parameter) -> ParameterValue? {
    Self.settings.first { $0.parameter == parameter }?.value(self)
  }

  // A type that is only known as some network has no initialisers, but functions.
  fileprivate static func made(
    _ values: [Parameter: ParameterValue], _ site: ResolvingSite
  ) throws -> any Network { try Self(values, site) }
  fileprivate static func made(from decoder: any Decoder) throws -> any Network { try Self(from: decoder) }
  fileprivate static func made(_ row: ResultFigures) -> (any Network)? { Self(row) }

  /// What the network's columns of results.csv say of it, by column.
  public var figures: [String: ParameterValue] {
    var figures: [String: ParameterValue] = [:]
    for setting in Self.settings {
      if let column = setting.column { figures[column.name] = setting.result(self) }
    }
    return figures
  }

  /// What `order: auto` would choose of it, by parameter; empty where it is open.
  public var strategyValues: [String: ParameterValue] {
    guard !isOpen else { return [:] }
    return Dictionary(
      Self.settings.filter(\.isStrategy).compactMap { setting in
        setting.parameter.flatMap { parameter in setting.value(self).map { (parameter.name, $0) } }
      }, uniquingKeysWith: { first, _ in first })
  }

  /// Whether `other` is a network of the same kind and parameters.
  public func isEqual(to other: any Network) -> Bool { (other as? Self) == self }
}

/// Which of the networks a point runs, by name.
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
  public var isHeldAgainstBaseline: Bool { !network.isBaseline }

  /// The network with these parameters, defaults included. Throws `ParameterError` where they make none together.
  public func network(_ values: [Parameter: ParameterValue], _ site: ResolvingSite) throws -> any Network {
    try network.made(values, site)
  }

  /// The network that a point's coded form says.
  public func network(from decoder: any Decoder) throws -> any Network {
    try network.made(from: decoder)
  }

  /// The network that a row of results tells of; nil where the row lacks what every network of this kind has.
  public func network(of row: ResultFigures) -> (any Network)? {
    network.made(row)
  }

  public static func == (a: KernelKind, b: KernelKind) -> Bool { a.rawValue == b.rawValue }
  public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}
