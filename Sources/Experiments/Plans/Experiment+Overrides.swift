import Kernels
import Support

extension Experiment {
  /// Applies `key=value` settings from the command line, in order. Keys:
  ///
  /// - a parameter, such as `tokens=512`: fixes it in every sweep, in place of any axis over it;
  /// - `defaults.tokens=512`: only the default, which a sweep may still override;
  /// - `sweeps.NAME.tokens=512`: fixes it in one sweep;
  /// - `measure.max_seconds=2`, `seed=7`, `name=…`, `question=…`, `counters=[cache]`, `machines=[host]`,
  ///   `constraints.governor=fail`.
  ///
  /// A value in brackets, braces or quotes is YAML, any other is taken as it stands: `variant=run #2` has no comment. A setting that could have no effect is an error: silence would let a user believe in it.
  mutating func apply(overrides: [String]) throws {
    for override in overrides {
      guard let split = override.firstIndex(of: "="), split != override.startIndex else {
        throw InputError(key: "--set", "expected key=value, found \(quote(override))")
      }
      let key = String(override[..<split])
      let value = try YAMLValue(
        argument: String(override[override.index(after: split)...]), key: key, option: "--set")
      guard !value.isNull else { throw InputError(key: "--set", "expected a value after '\(key)='") }
      try apply(key, value)
    }
  }

  /// Keys that `--set` takes, except those of single sweeps and of defaults.
  public static let overridableKeys =
    Parameter.names + Measure.keys.map { "measure.\($0)" }
    + Constraint.Name.allCases.map { "constraints.\($0.rawValue)" }
    + ["name", "question", "counters", "machines"]

  /// The override that sets the experiment's machines to `machines`; none where `machines` is empty.
  public static func override(machines: [String]) -> [String] {
    guard !machines.isEmpty else { return [] }
    return ["machines=[\(machines.map { "'\($0.replacing(scalar: "'", with: "''"))'" }.joined(separator: ", "))]"]
  }

  private mutating func apply(_ key: String, _ value: YAMLValue) throws {
    let parts = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    switch (parts.first, parts.count) {
    case ("seed", 1): seed = UInt64(try value.int(in: 0...Int.max))
    case ("name", 1): name = try value.name(.fileName)
    case ("question", 1): question = try value.string()
    case ("counters", 1): counters = try value.list().map { try $0.string() }
    case ("machines", 1): machines = try value.list().map { try $0.string() }
    case ("measure", 2) where Measure.keys.contains(parts[1]): try measure.set(parts[1], value)
    case ("constraints", 2):
      guard let name = Constraint.Name(rawValue: parts[1]) else { throw unknown(key, at: value) }
      set(try Constraint(name, value))
    case ("defaults", 2):
      let parameter = try parameter(named: parts[1], at: value)
      defaults[parameter] = try parameter.value(value)
      guard sweeps.contains(where: { !$0.fixes(parameter) }) else {
        throw value.error(
          "has no effect, for every sweep sets \(parts[1]); to fix it everywhere, set \(parts[1]) itself")
      }
    case ("sweeps", 3...):
      // A sweep's name may itself contain dots.
      let name = parts[1..<(parts.count - 1)].joined(separator: ".")
      guard let index = sweeps.firstIndex(where: { $0.name == name }) else {
        let hint = nearestName(to: name, among: sweeps.map(\.name)).map { "; did you mean '\($0)'?" } ?? ""
        throw value.error("no sweep is called \(quote(name))\(hint)")
      }
      let parameter = try parameter(named: parts[parts.count - 1], at: value)
      sweeps[index].fix(parameter, at: try parameter.value(value))
    case (let name?, 1):
      let parameter = try parameter(named: name, at: value)
      let fixed = try parameter.value(value)
      defaults[parameter] = fixed
      for index in sweeps.indices where sweeps[index].fixes(parameter) { sweeps[index].fix(parameter, at: fixed) }
    default:
      throw unknown(key, at: value)
    }
  }

  private func parameter(named name: String, at value: YAMLValue) throws -> Parameter {
    guard let parameter = Parameter.named(name) else { throw unknown(name, at: value) }
    return parameter
  }

  private func unknown(_ key: String, at value: YAMLValue) -> InputError {
    let hint = nearestName(to: key, among: Self.overridableKeys).map { "; did you mean '\($0)'?" } ?? ""
    return value.error("unknown key\(hint) (known: a point parameter, defaults.X, sweeps.NAME.X, measure.X, seed)")
  }
}

extension Sweep {
  /// Whether the sweep sets `parameter`, so that the default has no effect in it.
  func fixes(_ parameter: Parameter) -> Bool {
    set[parameter] != nil || axes.contains { $0.parameter == parameter }
  }

  mutating func fix(_ parameter: Parameter, at value: ParameterValue) {
    axes.removeAll { $0.parameter == parameter }
    set[parameter] = value
  }
}
