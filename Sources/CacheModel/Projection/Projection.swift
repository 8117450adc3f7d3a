import AccessStreams
import Machines
import Simulation
import Support

/// The throughput of a workload on a machine, as a band, and the resource that limits it.
public struct Projection: Equatable, Encodable, Sendable {
  public var machine: String
  public var tokensPerSecond: Double
  /// Throughput with every figure of the machine at the slow end of its uncertainty, times the lower residual of the
  /// equations.
  public var low: Double
  /// Throughput with every figure at the fast end, times the upper residual.
  public var high: Double
  /// The limiter of the phases that take most of the time.
  public var limiter: Limiter
  public var phases: [PhaseTime]
  /// The projection with every core of the socket busy.
  public var socket: SocketProjection

  enum CodingKeys: String, CodingKey {
    case machine, low, high, limiter, phases, socket
    case tokensPerSecond = "tokens_per_s"
  }

  /// The error of the equations themselves: measured over projected throughput of 41 points on one host
  /// (docs/reference/model.md, "The band"). A tenth of the points lay below `low` and a tenth above `high`.
  private enum Residuals {
    static let low = 0.70
    static let high = 1.17
  }

  /// Choices that belong neither to the workload nor to the machine.
  public struct Options: Sendable {
    /// Name of the memory that holds the data; nil for the machine's first.
    public var memory: String?
    /// The share of the memory traffic between each pair of nodes.
    public var matrix: TrafficMatrix

    public init(memory: String? = nil, matrix: TrafficMatrix = .local) {
      self.memory = memory
      self.matrix = matrix
    }
  }

  /// The projection with a band that also covers another's.
  public func widened(to other: Projection) -> Projection {
    var wide = self
    wide.low = min(low, other.low)
    wide.high = max(high, other.high)
    wide.socket.low = min(socket.low, other.socket.low)
    wide.socket.high = max(socket.high, other.socket.high)
    return wide
  }

  /// Projects `workload`, whose memory traffic on this machine's caches is `traffic`.
  ///
  /// Throws `InputError` where the machine lacks a figure or has too few cores, and where the traffic is not this
  /// workload's on such a machine.
  public static func project(
    _ workload: some Workload, traffic: Traffic, on machine: Machine, options: Options = Options()
  ) throws -> Projection {
    try project(
      phases: workload.phases, tokens: workload.tokens, threads: workload.threads, traffic: traffic, on: machine,
      options: options)
  }

  /// Projects a workload of which only the sums are known, such as one read from a run directory.
  public static func project(
    phases: [PhaseWork], tokens: Int, threads: Int, traffic: Traffic, on machine: Machine, options: Options = Options()
  ) throws -> Projection {
    try project(
      phases: phases, tokens: tokens, threads: threads, traffic: traffic,
      on: try MachineCorners(machine, memory: options.memory), matrix: options.matrix)
  }

  /// Projects onto a machine whose corners are made already, for many projections onto the same machine.
  public static func project(
    phases: [PhaseWork], tokens: Int, threads: Int, traffic: Traffic, on corners: MachineCorners,
    matrix: TrafficMatrix = .local
  ) throws -> Projection {
    let machine = corners.machine
    guard threads >= 1, tokens >= 1 else {
      throw InputError(key: "threads", "expected at least one thread and one token, found \(threads) and \(tokens)")
    }
    if let cores = machine.cores, threads > cores {
      throw InputError(
        key: "threads", "expected at most the \(cores) cores of \(machine.name), found \(threads) threads")
    }
    guard traffic.phases.count == phases.count, traffic.levelNames.count == machine.caches.count else {
      throw InputError(
        key: "traffic",
        "expected traffic of \(phases.count) phases over the \(machine.caches.count) levels of \(machine.name), found "
          + "\(traffic.phases.count) over \(traffic.levelNames.count)")
    }
    if matrix.remoteShare > 0, machine.numa?.linkGigabytesPerSecond == nil {
      throw InputError(
        key: "numa.link_gbps", "expected \(machine.name) to state its link for remote traffic, found none")
    }

    let missing = machine.keysMissing(for: phases)
    guard missing.isEmpty else {
      throw InputError(
        key: machine.name,
        "expected a machine that gives the rate of these multiply-adds; missing: \(missing.joined(separator: ", "))")
    }

    func models(_ inputs: ProjectionInputs) -> [PhaseModel] {
      phaseModels(phases, traffic, threads: threads, inputs: inputs, matrix: matrix)
    }
    let (low, middle, high) = (models(corners.low), models(corners.expected), models(corners.high))
    let expected = middle.map { $0.solve() }
    guard expected.contains(where: { $0.seconds > 0 }) else {
      throw InputError(key: "workload", "expected work or memory traffic in some phase, found none")
    }
    let cores = machine.cores ?? threads
    let copies = Double(cores) / Double(threads)
    let everyCore = middle.map { $0.copied(copies).solve() }
    let allTokens = Double(tokens) * copies
    return Projection(
      machine: machine.name, tokensPerSecond: rate(expected, Double(tokens)),
      low: Residuals.low * rate(low, Double(tokens)), high: Residuals.high * rate(high, Double(tokens)),
      limiter: dominant(expected), phases: expected,
      socket: SocketProjection(
        cores: cores, tokensPerSecond: rate(everyCore, allTokens),
        low: Residuals.low * rate(low, allTokens, copies: copies),
        high: Residuals.high * rate(high, allTokens, copies: copies),
        limiter: dominant(everyCore)))
  }

  static func phaseModels(
    _ phases: [PhaseWork], _ traffic: Traffic, threads: Int, inputs: ProjectionInputs, matrix: TrafficMatrix
  ) -> [PhaseModel] {
    zip(phases, traffic.phases).map { PhaseModel($0, $1, threads: threads, inputs: inputs, matrix: matrix) }
  }

  static func rate(_ times: [PhaseTime], _ tokens: Double) -> Double {
    tokens / times.reduce(0) { $0 + $1.seconds }
  }

  /// The rate alone, without limiters.
  static func rate(_ models: [PhaseModel], _ tokens: Double, copies: Double = 1) -> Double {
    tokens / models.reduce(0) { $0 + $1.copied(copies).seconds }
  }

  /// The limiter of the phases that take most of the time.
  private static func dominant(_ phases: [PhaseTime]) -> Limiter {
    var seconds: [Limiter: Double] = [:]
    for phase in phases { seconds[phase.limiter, default: 0] += phase.seconds }
    return Limiter.allCases.max { (seconds[$0] ?? 0) < (seconds[$1] ?? 0) } ?? .compute
  }
}

/// Throughput with every core of a socket busy. Each group of as many cores as the point has threads works on its own
/// tokens.
///
/// Each group is given the caches as if it were alone. That is right where groups do not share them, or share mostly
/// the tables and weights that all groups read. Data that each group keeps to itself shrinks a shared cache, which is
/// not modelled. Memory and link carry the traffic of all groups.
public struct SocketProjection: Equatable, Encodable, Sendable {
  public var cores: Int
  public var tokensPerSecond: Double
  public var low: Double
  public var high: Double
  public var limiter: Limiter

  enum CodingKeys: String, CodingKey {
    case cores, low, high, limiter
    case tokensPerSecond = "tokens_per_s"
  }
}
