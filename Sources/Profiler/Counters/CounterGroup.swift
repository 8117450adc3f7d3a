import Foundation
import InputFiles

/// A named set of events that are counted together in one pass: a file in `Groups/`.
public struct CounterGroup: Codable, Equatable, Sendable {
  public var name: String
  public var description: String
  /// The PMU whose names the events use; `perf` is the kernel's generic one, present everywhere.
  public var pmu: String
  public var events: [String]

  /// Reads a group from YAML: exactly the keys name, description, pmu and events.
  public init(yaml: YAMLValue) throws {
    let object = try yaml.object(keys: ["name", "description", "pmu", "events"])
    self.name = try object.required("name").string()
    self.description = try object.required("description").string()
    self.pmu = try object.required("pmu").string()
    let events = try object.required("events")
    self.events = try events.list().map { try $0.string() }
    guard !self.events.isEmpty else { throw events.error("expected at least one event") }
    guard Set(self.events).count == self.events.count else { throw events.error("expected each event once") }
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
