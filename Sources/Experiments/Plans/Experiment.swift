import Foundation
import Kernels
import Support

/// The content of an experiment file (`schema: lookahead/experiment/1`): a question, and the sweeps that answer it.
public struct Experiment: Equatable, Sendable {
  public static let schema = "lookahead/experiment/1"

  /// The name, which is also that of the run directory and follows `NameRule.fileName`.
  public var name: String
  public var question: String?
  /// Seeds the execution order, and the synthetic layers of points that set no seed of their own.
  public var seed: UInt64
  public var defaults: [Parameter: ParameterValue]
  public var sweeps: [Sweep]
  public var measure: Measure
  /// Names of counter groups.
  public var counters: [String]
  /// Names or paths of the machines to project onto.
  public var machines: [String]
  /// Points that every sweep leaves out.
  public var exclude: [Exclusion]
  /// Requirements on the machine's state.
  public var constraints: [Constraint]
  public var order: RunOrder

  /// The file as the user named it, its text with that of the files it includes, and the `key=value` overrides
  /// applied to it; a run must record all of them.
  public let file: String
  public let text: String
  public let overrides: [String]

  /// Reads the experiment at `path` and applies `overrides` (see `apply(overrides:)`). Throws `InputError` with the
  /// line or key of the first mistake.
  public init(contentsOf path: String, overrides: [String] = []) throws {
    try self.init(text: readTextFile(path), file: path, overrides: overrides)
  }

  public init(text: String, file: String, overrides: [String] = []) throws {
    self.file = file
    self.overrides = overrides
    let documents = try ExperimentDocuments(text: text, file: file)
    self.text = documents.text
    (name, seed, defaults, sweeps, measure) = ("", 1, [:], [], Measure())
    (counters, machines, exclude, constraints, order) = ([], [], [], [], .random)
    var last: YAMLObject?
    for document in documents.mergeOrder {
      let object = try document.object(keys: Self.keys)
      try merge(object)
      last = object
    }
    name = try last?.required("name").name(.fileName) ?? ""
    question = try last?["question"]?.string()
    guard !sweeps.isEmpty else {
      throw try last?.required("sweeps").error("expected at least one sweep, found an empty list")
        ?? InputError(file: file, key: "sweeps", "expected at least one sweep, found none")
    }
    try apply(overrides: overrides)
  }

  static let keys = [
    "schema", "name", "question", "include", "seed", "order", "defaults", "sweeps", "exclude", "measure", "counters",
    "machines", "constraints",
  ]

  /// Adds the content of a document: single values replace those of the files it includes, mappings are merged key by
  /// key, and sweeps and exclusions are appended.
  private mutating func merge(_ object: YAMLObject) throws {
    if let value = object["seed"] { seed = UInt64(try value.int(in: 0...Int.max)) }
    if let value = object["order"] { order = try value.choice() }
    if let value = object["defaults"] { defaults.merge(try parameters(value)) { _, new in new } }
    if let value = object["measure"] { try measure.set(value) }
    if let value = object["counters"] { counters = try value.list().map { try $0.string() } }
    if let value = object["machines"] { machines = try value.list().map { try $0.string() } }
    exclude += try object["exclude"]?.list().map(Exclusion.init) ?? []
    for (key, value) in try object["constraints"]?.object(keys: Constraint.Name.allCases.map(\.rawValue)).entries ?? []
    {
      if let name = Constraint.Name(rawValue: key) { try set(Constraint(name, value)) }
    }
    for item in try object["sweeps"]?.list() ?? [] {
      let sweep = try Sweep(item)
      guard !sweeps.contains(where: { $0.name == sweep.name }) else {
        throw item.error("expected each sweep's name once, found \(quote(sweep.name)) twice")
      }
      sweeps.append(sweep)
    }
  }

  mutating func set(_ constraint: Constraint) {
    constraints.removeAll { $0.name == constraint.name }
    constraints.append(constraint)
  }

  /// The path of the layer file that a point names: beside the experiment file, else in the working directory.
  public func path(ofLayer layer: String) throws -> String {
    let beside = URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent(layer).path
    let candidates = layer.hasPrefix("/") ? [layer] : [beside, layer]
    guard let path = candidates.first(where: inputFileExists) else {
      throw InputError(
        file: file, key: Parameter.layer.name,
        "expected a layer file, found none at \(quote(layer)) (paths are relative to the experiment file or the working directory)"
      )
    }
    try requireNoStream(path, readers: "each launch of a point")
    return path
  }
}
