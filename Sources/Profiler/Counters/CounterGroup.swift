import Foundation
import InputFiles

/// A named set of events that are counted together in one pass: a file in `Groups/`.
public struct CounterGroup: Codable, Equatable, Sendable {
  public var name: String
  public var description: String
  /// The PMU whose names the events use; `perf` is the kernel's generic one, present everywhere.
  public var pmu: String
  public var events: [String]
  /// The CPUs that the events' raw codes belong to; nil where libpfm checks it.
  public var cpu: CPUFamily?
  /// What is derived from the events, in the file's order.
  public var metrics: [Metric]

  /// As in /proc/cpuinfo.
  public struct CPUFamily: Codable, Equatable, Sendable {
    public var vendor: String
    public var family: Int
  }

  public struct Metric: Codable, Equatable, Sendable {
    public var name: String
    /// Such as `instructions/cycle` or `GB/s`.
    public var unit: String
    public var formula: Formula
  }

  /// Reads a group from YAML: exactly the keys name, description, pmu, events and, optionally, cpu and metrics.
  public init(yaml: YAMLValue) throws {
    let object = try yaml.object(keys: ["name", "description", "pmu", "events", "cpu", "metrics"])
    self.name = try object.required("name").string()
    self.description = try object.required("description").string()
    self.pmu = try object.required("pmu").string()
    let events = try object.required("events")
    self.events = try events.list().map { try $0.string() }
    guard !self.events.isEmpty else { throw events.error("expected at least one event") }
    guard Set(self.events).count == self.events.count else { throw events.error("expected each event once") }
    self.cpu = try object["cpu"].map { yaml in
      let cpu = try yaml.object(keys: ["vendor", "family"])
      return CPUFamily(
        vendor: try cpu.required("vendor").string(), family: try cpu.required("family").int(in: 0...4095))
    }
    self.metrics = []
    for metric in try object["metrics"]?.list() ?? [] { try metrics.append(parse(metric)) }
  }

  private func parse(_ yaml: YAMLValue) throws -> Metric {
    let object = try yaml.object(keys: ["name", "unit", "formula"])
    let text = try object.required("formula")
    let formula: Formula
    do {
      formula = try Formula(text.string())
    } catch let error as InputError where error.file == nil {
      throw text.error(error.message)
    }
    if let stranger = formula.events.first(where: { !events.contains($0) }) {
      throw text.error("expected events of this group (\(events.joined(separator: ", "))), found '\(stranger)'")
    }
    return Metric(
      name: try object.required("name").string(), unit: try object.required("unit").string(), formula: formula)
  }

  /// The group that `name` stands for: one of the package's, or a file where the name ends in `.yaml`.
  public static func load(_ name: String) throws -> CounterGroup {
    if name.hasSuffix(".yaml") { return try CounterGroup(yaml: YAMLValue(contentsOf: name)) }
    let known = try names()
    guard known.contains(name) else {
      let hint = nearestName(to: name, among: known).map { "; did you mean '\($0)'?" } ?? ""
      throw InputError(
        key: name, "expected a counter group (known: \(known.joined(separator: ", ")))\(hint)")
    }
    return try CounterGroup(yaml: YAMLValue(contentsOf: "\(directory())/\(name).yaml"))
  }

  /// The package's groups, by name.
  public static func all() throws -> [CounterGroup] {
    try names().map { try load($0) }
  }

  /// Why this group cannot be counted on the machine under `root`; nil where nothing speaks against it.
  public func mismatch(root: String = "/") -> String? {
    guard let cpu else { return nil }
    let files = SystemFiles(root: root)
    let vendor = files.field("vendor_id", in: "proc/cpuinfo")
    let family = files.field("cpu family", in: "proc/cpuinfo")
    guard vendor != cpu.vendor || family != "\(cpu.family)" else { return nil }
    return "raw codes of \(cpu.vendor) family \(cpu.family), and this CPU is \(vendor ?? "unknown") "
      + "family \(family ?? "unknown")"
  }

  /// The group's metrics over one region; nil where an event that one needs has no value.
  ///
  /// - Parameters:
  ///   - readings: of all threads together, see `CounterReading.total`.
  ///   - seconds: wall time of the region.
  public func evaluate(
    _ readings: [CounterReading], seconds: Double, threads: Int
  ) -> [(metric: Metric, value: Double?)] {
    metrics.map { ($0, $0.formula.value(of: readings, seconds: seconds, threads: threads)) }
  }

  private static func names() throws -> [String] {
    let files = SystemFiles(root: try directory()).names("")
    return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }
  }

  /// The resources lie beside the executable. `Bundle.module` would stop the process where they do not.
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
