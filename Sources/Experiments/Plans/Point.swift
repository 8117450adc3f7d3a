import Kernels
import Profiler

/// The CPUs of a point's threads and the placement of its pages.
public struct Placement: Hashable, Sendable {
  public var threads: Int
  public var cpus: CPUPlacement
  public var memory: MemoryPolicy
  public var pages: PageKind

  public init(
    threads: Int, cpus: CPUPlacement = .compact, memory: MemoryPolicy = .local, pages: PageKind = .transparentHuge
  ) {
    self.threads = threads
    self.cpus = cpus
    self.memory = memory
    self.pages = pages
  }
}

/// The fully resolved parameters of one measurement: a network, a batch, and where it runs.
///
/// The network holds only its own parameters, so that a dense network is planned once and not once per table size.
public struct Point: Sendable {
  /// The sweep that asked for the point first: a label, not part of the identity.
  public var sweep: String
  /// A safetensors file as the experiment names it; nil for a synthetic layer. Where the file describes another network's
  /// layer, only its activations are used.
  public var layer: String? { didSet { identify() } }
  /// A name that distinguishes otherwise equal points, such as `a` and `b` of a comparison with itself; it changes
  /// nothing else.
  public var variant: String? { didSet { identify() } }
  /// The seed of the synthetic weights and activations.
  public var seed: UInt64 { didSet { identify() } }
  public var tokens: Int { didSet { identify() } }
  public var placement: Placement { didSet { identify() } }
  public var isa: ISARequest { didSet { identify() } }
  public var network: any Network { didSet { identify() } }

  /// 16 hexadecimal digits: FNV-1a 64 over the canonical JSON of every field except `sweep`, and the kernels'
  /// version. It is computed when the point is made or changed.
  ///
  /// A non-cryptographic hash suffices, because there is no motive to forge a point, and among n points of one plan
  /// two collide by chance with probability n^2 / 2^65 (under 1e-11 for 10,000 points). `Plan` still refuses a
  /// collision.
  public private(set) var id = ""

  public init(
    sweep: String, layer: String? = nil, variant: String? = nil, seed: UInt64, tokens: Int, placement: Placement,
    isa: ISARequest = .auto, network: any Network
  ) {
    self.sweep = sweep
    self.layer = layer
    self.variant = variant
    self.seed = seed
    self.tokens = tokens
    self.placement = placement
    self.isa = isa
    self.network = network
    identify()
  }

  private mutating func identify() {
    var identity = self
    identity.sweep = ""
    // Encoding cannot fail: every field is a number, a string or an enumeration of strings.
    let json = (try? CanonicalJSON.encode(identity)) ?? "\(identity)"
    id = hexadecimal(fnv1a64(json + "|" + kernel.rawValue + "/" + kernelVersion))
  }
}

extension Point {
  public var kernel: KernelKind { network.kind }
  public var isBaseline: Bool { kernel.isBaseline }
  public var needsBaseline: Bool { kernel.needsBaseline }
  /// The number of features of an input token (d), and of an output token.
  public var hidden: Int { network.hidden }
  public var output: Int { network.output }
  public var dtype: ElementType { network.dtype }
  public var threads: Int {
    get { placement.threads }
    set { placement.threads = newValue }
  }
  public var cpus: CPUPlacement {
    get { placement.cpus }
    set { placement.cpus = newValue }
  }
  public var memory: MemoryPolicy {
    get { placement.memory }
    set { placement.memory = newValue }
  }
  public var pages: PageKind {
    get { placement.pages }
    set { placement.pages = newValue }
  }
}

extension Point: Hashable {
  public static func == (a: Point, b: Point) -> Bool {
    guard a.network.isEqual(to: b.network) else { return false }
    return a.sweep == b.sweep && a.layer == b.layer && a.variant == b.variant && a.seed == b.seed
      && a.tokens == b.tokens
      && a.placement == b.placement && a.isa == b.isa
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(id)
    hasher.combine(sweep)
  }
}
