import Foundation
import InputFiles

/// A question, and the sweeps that answer it: the content of an experiment file (`schema: lookahead/experiment/1`).
public struct Experiment: Equatable, Sendable {
  public static let schema = "lookahead/experiment/1"

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

  /// The file as the user named it, its text, and the `key=value` overrides applied to it: what a run must record.
  public let file: String
  public let text: String
  public let overrides: [String]

  /// Reads the experiment at `path` and applies `overrides` (see `apply(overrides:)`).
  public init(contentsOf path: String, overrides: [String] = []) throws {
    try self.init(text: readTextFile(path), file: path, overrides: overrides)
  }

  public init(text: String, file: String, overrides: [String] = []) throws {
    self.file = file
    self.text = text
    self.overrides = overrides
    let object = try YAMLValue(text: text, file: file).object(keys: Self.keys)
    let schema = try object.required("schema")
    guard try schema.string() == Self.schema else {
      throw schema.error("expected \(Self.schema), found '\(try schema.string())'")
    }
    name = try object.required("name").string()
    question = try object["question"]?.string()
    seed = UInt64(try object["seed"]?.int(in: 0...Int.max) ?? 1)
    defaults = try object["defaults"].map(parameters) ?? [:]
    measure = try object["measure"].map { try Measure($0) } ?? Measure()
    counters = try object["counters"]?.list().map { try $0.string() } ?? []
    machines = try object["machines"]?.list().map { try $0.string() } ?? []
    let list = try object.required("sweeps")
    sweeps = []
    for item in try list.list() {
      let sweep = try Sweep(item)
      guard !sweeps.contains(where: { $0.name == sweep.name }) else {
        throw item.error("expected each sweep's name once, found '\(sweep.name)' twice")
      }
      sweeps.append(sweep)
    }
    guard !sweeps.isEmpty else { throw list.error("expected at least one sweep, found an empty list") }
    try apply(overrides: overrides)
  }

  static let keys = ["schema", "name", "question", "seed", "defaults", "sweeps", "measure", "counters", "machines"]

  /// Where the layer file that a point names lies: beside the experiment file, else in the working directory.
  public func path(ofLayer layer: String) throws -> String {
    let beside = URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent(layer).path
    let candidates = layer.hasPrefix("/") ? [layer] : [beside, layer]
    guard let path = candidates.first(where: FileManager.default.fileExists) else {
      throw InputError(
        file: file, key: Parameter.layer.rawValue,
        "expected a layer file, found none at '\(layer)' (paths are relative to the experiment file or the working directory)"
      )
    }
    return path
  }
}
