import Kernels
import Profiler
import Support

/// Turns an assignment of parameters into a point: fills in what nobody set, and drops what does not matter.
struct PointResolver {
  let experiment: Experiment
  /// CPUs that `threads: all` stands for.
  let cpuCount: Int
  /// L3 clusters that it stands for with one thread on each.
  let clusterCount: Int
  /// Of one core, which the usual strategy goes by; nil where it is not known.
  let secondLevelBytes: Int?
  private var layers: [String: LayerShape] = [:]

  init(_ experiment: Experiment, cpuCount: Int, clusterCount: Int, secondLevelBytes: Int? = nil) {
    self.experiment = experiment
    self.cpuCount = cpuCount
    self.clusterCount = clusterCount
    self.secondLevelBytes = secondLevelBytes
  }

  /// What `threads: all` stands for: every CPU that the placement has to give.
  private func allThreads(_ placement: CPUPlacement) -> Int {
    switch placement {
    case .compact, .scatter: return cpuCount
    case .onePerL3: return clusterCount
    case .list(let cpus): return cpus.count
    }
  }

  /// The published configuration (arXiv 2403.07221, CPU benchmark): d = 512, ff = 2048, 128 tables of 256 rows, BH4 with
  /// blocks of 64, 64 x 512 tokens.
  private static let published: [Parameter: ParameterValue] = [
    .hidden: .int(512), .intermediate: .int(2048), .tables: .int(128), .tableRows: .int(256),
    .projection: .text(ProjectionKind.bh4.rawValue), .blockSize: .int(64), .dtype: .text(ElementType.fp32.rawValue),
    .projectionDtype: .text(ProjectionType.fp32.rawValue),
    .tokens: .int(32_768), .threads: .int(1), .partition: .text(LookupTeam.Partition.tokens.rawValue),
    .codes: .text(CodeSource.uniform.rawValue), .cpus: .text("compact"),
    .memory: .text("local"), .pages: .text(PageKind.transparentHuge.rawValue), .isa: .text(ISARequest.auto.rawValue),
  ]

  /// Nil for a point that is excluded.
  mutating func point(_ assignment: [Parameter: ParameterValue], of sweep: Sweep) throws -> Point? {
    let given = experiment.defaults.merging(assignment) { _, new in new }
    func failure(_ key: Parameter, _ message: String) -> InputError {
      InputError(file: experiment.file, line: sweep.line, key: "sweep '\(sweep.name)'.\(key.rawValue)", message)
    }
    guard let kernel = given.text(.kernel).flatMap(KernelKind.init) else {
      throw failure(.kernel, "expected dense or lookup in defaults, set or axes, found none")
    }
    var layer = given.text(.layer)
    if layer == Parameter.syntheticLayer { layer = nil }
    let fixed = try layer.map { try shape(of: $0).dimensions(for: kernel) } ?? [:]
    for (parameter, value) in fixed {
      if let asked = assignment[parameter], asked != value {
        throw failure(parameter, "expected \(value.text), which the layer file fixes, found \(asked.text)")
      }
    }
    let values = Self.published.merging(given) { _, new in new }.merging(fixed) { _, new in new }

    func int(_ parameter: Parameter) throws -> Int {
      guard case .int(let number)? = values[parameter] else { throw failure(parameter, "expected a whole number") }
      return number
    }
    func choice<Choice: RawRepresentable<String>>(_ parameter: Parameter) throws -> Choice {
      guard let choice = values.text(parameter).flatMap(Choice.init) else {
        throw failure(parameter, "expected one of its names")
      }
      return choice
    }
    guard let cpus = values.text(.cpus).flatMap({ CPUPlacement($0) }),
      let memory = values.text(.memory).flatMap({ MemoryPolicy($0) })
    else { throw failure(.cpus, "expected a placement") }
    let hidden = try int(.hidden)
    let tokens = try int(.tokens)
    let seed: UInt64
    if case .int(let number)? = values[.seed] { seed = UInt64(number) } else { seed = experiment.seed }
    let threads = values.text(.threads) == Parameter.allThreads ? allThreads(cpus) : try int(.threads)

    var point = Point(
      sweep: sweep.name, kernel: kernel, layer: layer, seed: seed, hidden: hidden, output: hidden,
      dtype: try choice(.dtype), tokens: tokens, threads: threads, cpus: cpus, memory: memory,
      pages: try choice(.pages), isa: try choice(.isa))
    point.variant = values.text(.variant)
    switch kernel {
    case .dense:
      // A dense product takes the same time whatever its operands hold, so another kernel's layer does not matter to it.
      if let file = layer, try shape(of: file).kernel != .dense { point.layer = nil }
      point.intermediate = try int(.intermediate)
    case .lookup:
      point.output = values[.output] == nil ? hidden : try int(.output)
      let tables = try int(.tables)
      point.tables = tables
      point.tableRows = try int(.tableRows)
      let projection: ProjectionKind = try choice(.projection)
      point.projection = projection
      let projectionDtype: ProjectionType = try choice(.projectionDtype)
      if projectionDtype != .fp32 { point.projectionDtype = projectionDtype }
      if projection == .bh4 {
        let blockSize = try int(.blockSize)
        guard blockSize <= nextPowerOfTwo(hidden) else {
          throw failure(
            .blockSize,
            "expected at most \(nextPowerOfTwo(hidden)), hidden padded to a power of two, found \(blockSize)")
        }
        point.blockSize = blockSize
      }
      let codes: CodeSource = try choice(.codes)
      if codes == .recorded && layer == nil {
        throw failure(
          .codes, "expected uniform, or a layer whose activations were recorded; found recorded without a layer")
      }
      point.codes = codes
      let partition: LookupTeam.Partition = try choice(.partition)
      if partition == .tables, threads > 1 { point.partition = .tables }
      if values.text(.order) != Parameter.automatic {
        let shape = LookupFFNShape(
          hidden: hidden, output: point.output, tables: tables, tableRows: try int(.tableRows), projection: projection)
        point.strategy = try strategy(values, usual: usual(point, shape, values), choice: choice).fitted(
          tokens: tokens, tables: tables, output: point.output)
      }
    }
    // By what the point has, and by what it was given where that does not matter to its kernel or has another name (`all`).
    let isExcluded = (experiment.exclude + sweep.exclude).contains { rule in
      rule.matches { parameter in [point.value(of: parameter), values[parameter]].compactMap { $0 } }
    }
    return isExcluded ? nil : point
  }

  /// The strategy of a look-up that names none of its parts. Where an order is named, or an extent that only slices have, the
  /// rest is that of slices.
  private func usual(_ point: Point, _ shape: LookupFFNShape, _ values: [Parameter: ParameterValue]) -> LookupStrategy {
    if [.order, .columnSlice, .tableGroup].allSatisfy({ values[$0] == nil }) {
      return LookupStrategy.usual(
        shape, tableType: point.dtype, tokens: point.team.share(of: point.tokens), secondLevelBytes: secondLevelBytes)
    }
    var columns: Int?
    if case .int(let number)? = values[.columnSlice] { columns = number }
    return LookupStrategy.sliced(
      shape, tableType: point.dtype, secondLevelBytes: secondLevelBytes, columns: columns)
  }

  private func strategy(
    _ values: [Parameter: ParameterValue], usual: LookupStrategy, choice: (Parameter) throws -> LookupStrategy.Order
  ) throws -> LookupStrategy {
    var strategy = usual
    if values[.order] != nil { strategy.order = try choice(.order) }
    if case .int(let number)? = values[.tokenTile] { strategy.tokenTile = number }
    if case .int(let number)? = values[.columnSlice] { strategy.columnSlice = number }
    if case .int(let number)? = values[.tableGroup] { strategy.tableGroup = number }
    if case .int(let number)? = values[.prefetchRows] { strategy.prefetchRows = number }
    strategy.groupPrefetch = values.text(.groupPrefetch).flatMap(LookupStrategy.GroupPrefetch.init)
    return strategy
  }

  private mutating func shape(of layer: String) throws -> LayerShape {
    if let known = layers[layer] { return known }
    let shape = try LayerShape(contentsOf: experiment.path(ofLayer: layer))
    layers[layer] = shape
    return shape
  }
}

extension [Parameter: ParameterValue] {
  fileprivate func text(_ parameter: Parameter) -> String? {
    if case .text(let text)? = self[parameter] { text } else { nil }
  }
}

extension ParameterValue {
  var text: String {
    switch self {
    case .int(let number): return "\(number)"
    case .text(let text): return text
    }
  }
}
