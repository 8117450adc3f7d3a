import InputFiles

/// A family of points: the cartesian product of its axes over fixed parameters.
public struct Sweep: Equatable, Sendable {
  public var name: String
  /// Parameters fixed for the whole sweep; they win over the experiment's defaults.
  public var set: [Parameter: ParameterValue]
  /// Outermost first, as written in the file.
  public var axes: [Axis]
  /// 1-based line in the experiment file, for messages.
  var line: Int?

  public init(name: String, set: [Parameter: ParameterValue] = [:], axes: [Axis] = []) {
    self.name = name
    self.set = set
    self.axes = axes
  }

  init(_ yaml: YAMLValue) throws {
    let object = try yaml.object(keys: ["name", "set", "axes"])
    name = try object.required("name").string()
    line = yaml.line
    set = try object["set"].map(parameters) ?? [:]
    axes =
      try object["axes"].map { axes in
        try axes.object(keys: Parameter.allCases.map(\.rawValue)).entries.compactMap { key, value in
          try Parameter(rawValue: key).map { try Axis($0, value) }
        }
      } ?? []
    for axis in axes where set[axis.parameter] != nil {
      throw yaml.error("expected \(axis.parameter.rawValue) in either set or axes of sweep '\(name)', found it in both")
    }
  }

  /// Every assignment of the axes over the fixed parameters, the last axis varying fastest.
  var assignments: [[Parameter: ParameterValue]] {
    axes.reduce([set]) { partial, axis in
      partial.flatMap { assignment in
        axis.values.map { value in assignment.merging([axis.parameter: value]) { _, new in new } }
      }
    }
  }
}

/// Reads a mapping of parameters to single values.
func parameters(_ yaml: YAMLValue) throws -> [Parameter: ParameterValue] {
  var values: [Parameter: ParameterValue] = [:]
  for (key, value) in try yaml.object(keys: Parameter.allCases.map(\.rawValue)).entries {
    guard let parameter = Parameter(rawValue: key) else { continue }
    values[parameter] = try parameter.value(value)
  }
  return values
}
