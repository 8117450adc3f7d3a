import Foundation
import Support

/// A named set of events that are counted together in one pass: a file in `Groups/`.
public struct CounterGroup: Codable, Equatable, Sendable {
  public var name: String
  public var description: String
  /// The subject, such as `cache`. An experiment that asks for a topic gets the group for the CPU it runs on.
  public var topic: String?
  /// The PMU whose names the events use; `perf` is the kernel's generic one, present everywhere.
  public var pmu: String
  public var scope: Scope
  public var events: [String]
  /// What each raw code counts, by event; the code itself does not say it.
  public var meanings: [String: String]
  /// The manual that raw codes were taken from.
  public var source: String?
  /// The CPUs that the events' raw codes belong to; nil where libpfm checks it.
  public var cpu: CPUMatch?
  /// Values derived from the events, in the file's order.
  public var metrics: [Metric]
  /// Quantities of a workload's traffic that the events tell, in the order of `TrafficQuantity`.
  public var traffic: [TrafficFormula]
  /// Counts that the events must give while a kernel of known work runs.
  public var checks: [KnownAnswer]

  /// Whether events count per thread or per socket.
  public enum Scope: String, Codable, CaseIterable, Sendable {
    /// Per worker thread.
    case thread
    /// Per socket as a whole, by a PMU outside the cores.
    case socket
  }

  public struct Metric: Codable, Equatable, Sendable {
    public var name: String
    /// Such as `instructions/cycle` or `GB/s`.
    public var unit: String
    public var formula: Formula
  }

  /// Reads a group from YAML with the keys name, description, pmu, events and, optionally, topic, scope, cpu, source,
  /// metrics, traffic and checks. A raw code is a mapping with the keys code and means. Throws `InputError`.
  public init(yaml: YAMLValue) throws {
    let object = try yaml.object(
      keys: ["name", "topic", "description", "pmu", "scope", "events", "cpu", "source", "metrics", "traffic", "checks"])
    self.name = try object.required("name").name()
    self.description = try object.required("description").string()
    self.pmu = try object.required("pmu").string()
    self.topic = try object["topic"].map { try $0.string() }
    self.scope = try object["scope"].map { try $0.choice() } ?? .thread
    let events = try object.required("events")
    self.events = []
    self.meanings = [:]
    self.metrics = []
    self.traffic = []
    self.checks = []
    for event in try events.list() { try append(event: event) }
    guard !self.events.isEmpty else { throw events.error("expected at least one event") }
    guard Set(self.events).count == self.events.count else { throw events.error("expected each event once") }
    self.source = try object["source"].map { try $0.string() }
    self.cpu = try object["cpu"].map { try CPUMatch(yaml: $0) }
    for metric in try object["metrics"]?.list() ?? [] { try metrics.append(parse(metric)) }
    if let traffic = object["traffic"] { try append(traffic: traffic) }
    for check in try object["checks"]?.list() ?? [] { try checks.append(parse(check: check)) }
  }

  private mutating func append(event: YAMLValue) throws {
    guard event.isObject else {
      let name = try event.string()
      guard scope == .thread || SystemPMU.parts(of: name) != nil else {
        throw event.error("expected an event '\(pmu)/terms/' of a PMU in sysfs, found \(quote(name))")
      }
      return events.append(name)
    }
    let object = try event.object(keys: ["code", "means"])
    let code = try object.required("code").string()
    events.append(code)
    meanings[code] = try object.required("means").string()
  }

  private func parse(_ yaml: YAMLValue) throws -> Metric {
    let object = try yaml.object(keys: ["name", "unit", "formula"])
    return Metric(
      name: try object.required("name").name(), unit: try object.required("unit").string(),
      formula: try formula(object.required("formula")))
  }

  /// A mapping from quantities to formulas over the events, or to `formula` and `leaves_out` where the events miss some.
  private mutating func append(traffic yaml: YAMLValue) throws {
    let known = TrafficQuantity.allCases.filter { $0.scopes.contains(scope) }
    let formulas = try yaml.object(keys: known.map(\.rawValue))
    for quantity in known {
      guard let entry = formulas[quantity.rawValue] else { continue }
      let parts = entry.isObject ? try entry.object(keys: ["formula", "leaves_out"]) : nil
      let text = try parts?.required("formula") ?? entry
      let formula = try formula(text)
      guard formula.words.isEmpty, !formula.events.isEmpty else {
        throw text.error("expected a formula over events alone, which are lines, instructions or the like")
      }
      traffic.append(
        TrafficFormula(quantity: quantity, formula: formula, leavesOut: try parts?.required("leaves_out").string()))
    }
  }

  private func parse(check yaml: YAMLValue) throws -> KnownAnswer {
    let object = try yaml.object(keys: ["kernel", "formula", "at_least", "at_most"])
    let low = try object.required("at_least").double(in: 0...1e6)
    return KnownAnswer(
      kernel: try object.required("kernel").choice(), formula: try formula(object.required("formula")),
      bounds: low...(try object.required("at_most").double(in: low...1e6)))
  }

  private func formula(_ text: YAMLValue) throws -> Formula {
    let formula: Formula
    do {
      formula = try Formula(text.string())
    } catch let error as InputError where error.file == nil {
      throw text.error(error.message)
    }
    if let unknown = formula.events.first(where: { !events.contains($0) }) {
      throw text.error("expected events of this group (\(events.joined(separator: ", "))), found \(quote(unknown))")
    }
    return formula
  }

  /// The group named `name`: one of the package's, or a file where the name ends in `.yaml`. Throws `InputError`.
  ///
  /// - Parameter topics: other names that could have been meant, for the error message.
  public static func load(_ name: String, topics: [String] = []) throws -> CounterGroup {
    if name.hasSuffix(".yaml") { return try CounterGroup(yaml: YAMLValue(contentsOf: name)) }
    let known = try names()
    guard known.contains(name) else {
      let hint = nearestName(to: name, among: topics + known).map { "; did you mean '\($0)'?" } ?? ""
      let topics = topics.isEmpty ? "" : "a topic (\(topics.joined(separator: ", "))) or "
      throw InputError(
        key: name, "expected \(topics)a counter group (known: \(known.joined(separator: ", ")))\(hint)")
    }
    return try CounterGroup(yaml: YAMLValue(contentsOf: "\(directory())/\(name).yaml"))
  }

  /// The package's groups, by name.
  public static func all() throws -> [CounterGroup] {
    try names().map { try load($0) }
  }

  /// Why this group cannot be counted on the machine under `root`; nil where its CPU fits.
  public func mismatch(root: String = "/") -> String? {
    cpu?.mismatch(root: root).map { "the group is for \($0)" }
  }

  /// The names of the package's groups.
  static func names() throws -> [String] {
    let files = SystemFiles(root: try directory()).names("")
    return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }
  }

  /// The resources lie beside the executable. `Bundle.module` would end the process where they are missing.
  private static func directory() throws -> String {
    let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let directory = executable.deletingLastPathComponent().appendingPathComponent("lookahead_Profiler.resources/Groups")
    guard FileManager.default.fileExists(atPath: directory.path) else {
      throw InputError(
        file: directory.path, "expected the counter groups beside the executable, found no such directory")
    }
    return directory.path
  }
}
