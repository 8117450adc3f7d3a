import Kernels
import Profiler

extension Point {
  /// The value of a parameter as an experiment file would give it; nil where it does not matter to the point's kernel.
  public func value(of parameter: Parameter) -> ParameterValue? {
    func text<Choice: RawRepresentable<String>>(_ choice: Choice?) -> ParameterValue? {
      choice.map { .text($0.rawValue) }
    }
    switch parameter {
    case .kernel: return text(kernel)
    case .layer: return .text(layer ?? Parameter.syntheticLayer)
    case .variant: return variant.map { .text($0) }
    case .seed: return .int(Int(clamping: seed))
    case .hidden: return .int(hidden)
    case .intermediate: return intermediate.map { .int($0) }
    case .output: return kernel == .lookup ? .int(output) : nil
    case .tables: return tables.map { .int($0) }
    case .tableRows: return tableRows.map { .int($0) }
    case .projection: return text(projection)
    case .blockSize: return blockSize.map { .int($0) }
    case .dtype: return text(dtype)
    case .projectionDtype: return kernel == .lookup ? text(projectionDtype ?? .fp32) : nil
    case .tokens: return .int(tokens)
    case .threads: return .int(threads)
    case .partition: return kernel == .lookup ? text(team.partition) : nil
    case .codes: return codes.map { .text($0.rawValue) }
    case .order: return isTuned ? .text(Parameter.automatic) : text(strategy?.order)
    case .tokenTile: return strategy.map { .int($0.tokenTile) }
    case .columnSlice: return strategy.map { .int($0.columnSlice) }
    case .tableGroup: return strategy.map { .int($0.tableGroup) }
    case .prefetchRows: return strategy.map { .int($0.prefetchRows) }
    case .groupPrefetch:
      return strategy.map { .text($0.groupPrefetch?.rawValue ?? Parameter.automatic) }
    case .cpus: return .text(cpus.description)
    case .memory: return .text(memory.description)
    case .pages: return text(pages)
    case .isa: return text(isa)
    }
  }

  /// All parameters that matter to the point but `ignored`, as text: equal for points that ask for the same.
  package func key(ignoring ignored: Set<Parameter>) -> String {
    Parameter.allCases.compactMap { parameter in
      ignored.contains(parameter) ? nil : value(of: parameter).map { "\(parameter.rawValue)=\($0.text)" }
    }.joined(separator: " ")
  }
}
