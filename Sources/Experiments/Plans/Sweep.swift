import Kernels
import Support

/// A family of points: the cartesian product of its axes over fixed parameters, without those that are excluded.
public struct Sweep: Equatable, Sendable {
  public var name: String
  /// Parameters fixed for the whole sweep; they take precedence over the experiment's defaults.
  public var set: [Parameter: ParameterValue]
  /// The axes as written in the file, the outermost first.
  public var axes: [Axis]
  /// Groups of axes that vary together: the first value of one with the first of the others, and so on.
  public var zip: [[Parameter]] = []
  public var exclude: [Exclusion] = []
  /// 1-based line in the experiment file, for messages.
  var line: Int?

  public init(name: String, set: [Parameter: ParameterValue] = [:], axes: [Axis] = []) {
    self.name = name
    self.set = set
    self.axes = axes
  }

  static let keys = ["name", "set", "axes", "zip", "exclude"]

  init(_ yaml: YAMLValue) throws {
    let object = try yaml.object(keys: Self.keys)
    name = try object.required("name").name()
    line = yaml.line
    set = try object["set"].map(parameters) ?? [:]
    axes =
      try object["axes"].map { axes in
        try axes.parameters().map { try Axis($0, $1) }
      } ?? []
    for axis in axes where set[axis.parameter] != nil {
      throw yaml.error(
        "expected \(axis.parameter.name) in either set or axes of sweep \(quote(name)), found it in both")
    }
    exclude = try object["exclude"]?.list().map(Exclusion.init) ?? []
    for group in try object["zip"]?.list() ?? [] {
      let members = try group.list().map { try axis(named: $0) }
      guard members.count >= 2 else { throw group.error("expected at least two axes, found \(members.count)") }
      let parameters = members.map(\.parameter)
      guard Set(parameters).count == parameters.count, zip.allSatisfy({ Set($0).isDisjoint(with: parameters) }) else {
        throw group.error("expected each axis once")
      }
      guard Set(members.map(\.values.count)).count == 1 else {
        let lengths = members.map { "\($0.parameter.name) \($0.values.count)" }.joined(separator: ", ")
        throw group.error("expected axes of one length, found \(lengths)")
      }
      zip.append(parameters)
    }
  }

  private func axis(named yaml: YAMLValue) throws -> Axis {
    let name = try yaml.string()
    if let axis = axes.first(where: { $0.parameter.name == name }) { return axis }
    let hint = nearestName(to: name, among: axes.map(\.parameter.name)).map { "; did you mean '\($0)'?" } ?? ""
    throw yaml.error("expected an axis of the sweep, found \(quote(name))\(hint)")
  }

  /// Every assignment of the axes over the fixed parameters, the last axis varying fastest; the axes of a zip vary in
  /// the place of the first of them.
  var assignments: [[Parameter: ParameterValue]] {
    var placed: Set<Parameter> = []
    return axes.reduce([set]) { partial, axis in
      guard !placed.contains(axis.parameter) else { return partial }
      let group = zip.first { $0.contains(axis.parameter) } ?? [axis.parameter]
      placed.formUnion(group)
      let members = axes.filter { group.contains($0.parameter) }
      return partial.flatMap { assignment in
        axis.values.indices.map { index in
          members.reduce(into: assignment) { $0[$1.parameter] = $1.values[index] }
        }
      }
    }
  }
}
