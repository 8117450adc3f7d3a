import Kernels
import Profiler
import Support

/// Turns an assignment of parameters into a point: fills in defaults, and drops parameters that its network does not
/// have.
struct PointResolver {
  let experiment: Experiment
  /// The number of CPUs for `threads: all`.
  let cpuCount: Int
  /// The number of L3 clusters for `threads: all` with one thread on each.
  let clusterCount: Int
  /// The second-level cache of one core in bytes, which determines the default strategy; nil where it is unknown.
  let secondLevelBytes: Int?
  private var layers: [String: LayerShape] = [:]

  init(_ experiment: Experiment, cpuCount: Int, clusterCount: Int, secondLevelBytes: Int? = nil) {
    self.experiment = experiment
    self.cpuCount = cpuCount
    self.clusterCount = clusterCount
    self.secondLevelBytes = secondLevelBytes
  }

  /// The number of threads for `threads: all`: every CPU that the placement offers.
  private func allThreads(_ placement: CPUPlacement) -> Int {
    switch placement {
    case .compact, .scatter: return cpuCount
    case .onePerL3: return clusterCount
    case .list(let cpus): return cpus.count
    }
  }

  /// Nil for a point that is excluded.
  mutating func point(_ assignment: [Parameter: ParameterValue], of sweep: Sweep) throws -> Point? {
    let given = experiment.defaults.merging(assignment) { _, new in new }
    func failure(_ key: Parameter, _ message: String) -> InputError {
      InputError(file: experiment.file, line: sweep.line, key: "sweep '\(sweep.name)'.\(key.name)", message)
    }
    guard let kernel = given.text(.kernel).flatMap(KernelKind.init) else {
      let names = KernelKind.allCases.map(\.rawValue).joined(separator: " or ")
      throw failure(.kernel, "expected \(names) in defaults, set or axes, found none")
    }
    var layer = given.text(.layer)
    if layer == Parameter.syntheticLayer { layer = nil }
    let fixed = try layer.map { try shape(of: $0).dimensions(for: kernel) } ?? [:]
    for (parameter, value) in fixed {
      if let asked = assignment[parameter], asked != value {
        throw failure(parameter, "expected \(value.text), which the layer file fixes, found \(asked.text)")
      }
    }
    let values = Parameter.defaults.merging(given) { _, new in new }.merging(fixed) { _, new in new }
    let point: Point
    do {
      point = try resolved(kernel, layer, values, of: sweep)
    } catch let error as ParameterError { throw failure(error.parameter, error.message) }
    // Conditions match the point's value, and also the given value where the network drops it or it has another name
    // (`all`).
    let isExcluded = (experiment.exclude + sweep.exclude).contains { rule in
      rule.matches { parameter in [point.value(of: parameter), values[parameter]].compactMap { $0 } }
    }
    return isExcluded ? nil : point
  }

  private mutating func resolved(
    _ kernel: KernelKind, _ named: String?, _ values: [Parameter: ParameterValue], of sweep: Sweep
  ) throws -> Point {
    guard let cpus = values.text(.cpus).flatMap({ CPUPlacement($0) }),
      let memory = values.text(.memory).flatMap({ MemoryPolicy($0) })
    else { throw ParameterError(.cpus, "expected a placement") }
    let threads =
      values.text(.threads) == Parameter.allThreads ? allThreads(cpus) : try values.number(.threads)
    let tokens = try values.number(.tokens)
    let network = try kernel.network(
      values,
      ResolvingSite(tokens: tokens, threads: threads, hasLayer: named != nil, secondLevelBytes: secondLevelBytes))
    // A layer of another network may have no effect at all.
    var layer = named
    if let file = named, !kernel.network.takesForeignActivations, try shape(of: file).kernel != kernel { layer = nil }
    return Point(
      sweep: sweep.name, layer: layer, variant: values.text(.variant),
      seed: values.int(.seed).map { UInt64($0) } ?? experiment.seed, tokens: tokens,
      placement: Placement(threads: threads, cpus: cpus, memory: memory, pages: try values.choice(.pages)),
      isa: try values.choice(.isa), network: network)
  }

  private mutating func shape(of layer: String) throws -> LayerShape {
    if let known = layers[layer] { return known }
    let shape = try LayerShape(contentsOf: experiment.path(ofLayer: layer))
    layers[layer] = shape
    return shape
  }
}
