import Kernels
import Profiler

/// The parameters of a point that do not depend on its network.
extension Parameter {
  public static let kernel = Parameter(
    "kernel", .names(of: KernelKind.self), default: .required,
    "The network that runs: \(Networks.all.map { $0.meaning }.joined(separator: ", or ")).")
  public static let layer = Parameter(
    "layer", .text, default: .value(.text(syntheticLayer)), "A safetensors file beside the experiment, or synthetic.")
  public static let variant = Parameter(
    "variant", .name, default: .follows(""), "A name for what is otherwise equal; nothing runs differently.")
  public static let seed = Parameter(
    "seed", .number(0...Int.max), default: .follows("the experiment's"), "Seed of synthetic weights and activations.")
  /// The published CPU benchmark (arXiv 2403.07221) runs 64 x 512 tokens.
  public static let tokens = Parameter("tokens", .anyCount, default: .value(.int(32_768)), "Tokens in a pass.")
  public static let threads = Parameter(
    "threads", .count(of: "threads", orWord: allThreads), default: .value(.int(1)),
    "Number of threads, or all that the placement has CPUs for.")
  public static let cpus = Parameter(
    "cpus", .form(TextForm(CPUPlacement.vocabulary, pattern: nil) { CPUPlacement($0)?.description }),
    default: .value(.text(CPUPlacement.compact.description)),
    "Where threads run: compact, scatter, l3, or a list of CPUs such as 0,2,4-7.")
  public static let memory = Parameter(
    "memory",
    .form(
      TextForm(
        MemoryPolicy.vocabulary, pattern: "^(local|remote|first-touch|interleave|replicated|node:[0-9]+)$"
      ) { MemoryPolicy($0)?.description }), default: .value(.text(MemoryPolicy.local.description)),
    "Where pages lie: local, remote, first-touch, interleave, node:N or replicated.")
  public static let pages = Parameter(
    "pages", .names(of: PageKind.self), default: .value(.text(PageKind.transparentHuge.rawValue)),
    "The kind of pages.")
  public static let isa = Parameter(
    "isa", .names(of: ISARequest.self), default: .value(.text(ISARequest.auto.rawValue)), "The instruction-set path.")

  /// `threads: all`: all CPUs that the run may use.
  static let allThreads = "all"
  /// `layer: synthetic`: no file, with weights from the seed.
  static let syntheticLayer = "synthetic"
}

/// A parameter that every point has, and its value in a point.
struct PointSetting: Sendable {
  let parameter: Parameter
  let value: @Sendable (Point) -> ParameterValue?

  /// Parameters listed before those of the network.
  static let subject: [PointSetting] = [
    PointSetting(parameter: .kernel) { .text($0.kernel.rawValue) },
    PointSetting(parameter: .layer) { .text($0.layer ?? Parameter.syntheticLayer) },
    PointSetting(parameter: .variant) { $0.variant.map { .text($0) } },
    PointSetting(parameter: .seed) { .int(Int(clamping: $0.seed)) },
  ]

  /// Parameters listed after those of the network.
  static let running: [PointSetting] = [
    PointSetting(parameter: .tokens) { .int($0.tokens) },
    PointSetting(parameter: .threads) { .int($0.threads) },
    PointSetting(parameter: .cpus) { .text($0.cpus.description) },
    PointSetting(parameter: .memory) { .text($0.memory.description) },
    PointSetting(parameter: .pages) { .text($0.pages.rawValue) },
    PointSetting(parameter: .isa) { .text($0.isa.rawValue) },
  ]

  static let values = Dictionary(
    (subject + running).map { ($0.parameter, $0.value) }, uniquingKeysWith: { first, _ in first })
}

extension Parameter {
  /// The vocabulary of an experiment file: the parameters of every point, and those of the networks. Two networks
  /// with the same parameter share it.
  public static let all: [Parameter] =
    PointSetting.subject.map(\.parameter) + Networks.parameters + PointSetting.running.map(\.parameter)

  public static let names = all.map(\.name)

  private static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

  public static func named(_ name: String) -> Parameter? { byName[name] }

  /// The values of parameters that an experiment does not set. For the networks it is the published configuration (arXiv 2403.07221, CPU
  /// benchmark).
  static let defaults = byName.values.reduce(into: [Parameter: ParameterValue]()) { $0[$1] = $1.standard.value }
}

extension Point {
  /// The value of a parameter as an experiment file would give it; nil where the point's network does not have it.
  public func value(of parameter: Parameter) -> ParameterValue? {
    if let own = PointSetting.values[parameter] { return own(self) }
    return network.value(of: parameter)
  }

  /// All parameters of the point except `ignored`, as text that is equal for equal points.
  package func key(ignoring ignored: Set<Parameter>) -> String {
    Parameter.all.compactMap { parameter in
      ignored.contains(parameter) ? nil : value(of: parameter).map { "\(parameter.name)=\($0.text)" }
    }.joined(separator: " ")
  }
}
