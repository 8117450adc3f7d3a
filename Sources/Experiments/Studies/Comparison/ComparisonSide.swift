import Foundation
import Kernels
import Plans
import RunStore
import Support

/// One side of a comparison: all points of a run, or those with given parameter values.
public struct ComparisonSide {
  /// A point, its result, and its times in ns per token: one list for each process, in the order in which they were
  /// taken.
  public struct Entry {
    public var point: Point
    public var result: ResultRow?
    public var launches: [[Double]]

    public init(point: Point, result: ResultRow?, launches: [[Double]]) {
      self.point = point
      self.result = result
      self.launches = launches
    }
  }

  /// The side as the user wrote it.
  public var name: String
  public var runID: String
  /// The parameter values that the side's points share; the two sides may differ in them.
  public var selection: [Parameter: ParameterValue]
  public var entries: [Entry]
  /// The machine's facts at the start of the run.
  public var facts: [String: String]
  /// Hashes of the layer files that points name; see `Manifest.layers`.
  var layers: [String: String] = [:]
  /// Contradictions within the runs that do not prevent a comparison; see `RunDirectory.disagreements`.
  public private(set) var warnings: [String] = []

  public init(
    name: String, runID: String, selection: [Parameter: ParameterValue] = [:], entries: [Entry],
    facts: [String: String] = [:]
  ) {
    self.name = name
    self.runID = runID
    self.selection = selection
    self.entries = entries
    self.facts = facts
  }

  /// Opens `RUN_DIR` or `RUN_DIR:parameter=value,…`. A directory of run directories stands for all of them: each adds
  /// a launch to its points, so that two builds can be measured in turn. Throws `InputError` for an unknown parameter
  /// and where no point is left.
  public init(_ text: String) throws {
    let (path, settings) = Self.split(text)
    var selection: [Parameter: ParameterValue] = [:]
    for setting in settings {
      let pair = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let value = try YAMLValue(argument: pair.count > 1 ? pair[1] : "", key: pair[0], option: text)
      guard let parameter = Parameter.named(pair[0]) else {
        let known = Parameter.names
        let hint = nearestName(to: pair[0], among: known).map { "; did you mean '\($0)'?" } ?? ""
        throw value.error("unknown key\(hint) (known: \(known.joined(separator: ", ")))")
      }
      selection[parameter] = try parameter.value(value)
    }
    var sides = try Self.runs(at: path).map { try ComparisonSide(RunDirectory(opening: $0), text, selection) }
    var joined = sides.removeFirst()
    for side in sides { try joined.join(side) }
    guard !joined.entries.isEmpty else {
      throw InputError(file: path, "expected points with \(settings.joined(separator: ", ")), found none")
    }
    self = joined
  }

  private init(_ directory: RunDirectory, _ name: String, _ selection: [Parameter: ParameterValue]) throws {
    let results = Dictionary(
      try directory.store.rows(ResultRow.self).map { ($0.pointID, $0) }, uniquingKeysWith: { _, last in last })
    let samples = Dictionary(grouping: try directory.store.rows(SampleRow.self), by: \.pointID)
    let entries = directory.plan.points.filter { point in selection.allSatisfy { point.value(of: $0) == $1 } }
    var facts: [String: String] = [:]
    for row in try directory.store.rows(FactRow.self) where row.when == .start { facts[row.name] = row.value }
    self.init(
      name: name, runID: directory.manifest.runID, selection: selection,
      entries: entries.map { point in
        let launches = Dictionary(grouping: samples[point.id] ?? [], by: \.launch).sorted { $0.key < $1.key }
        return Entry(
          point: point, result: results[point.id],
          launches: launches.map { _, rows in
            rows.sorted { $0.sample < $1.sample }.map { $0.wallNanoseconds / Double(point.tokens) }
          })
      }, facts: facts)
    layers = directory.manifest.layers ?? [:]
    warnings = try directory.disagreementWarning().map { [$0] } ?? []
  }

  /// The path itself where it is a run, else the runs in that directory, by name.
  private static func runs(at path: String) -> [String] {
    func isRun(_ path: String) -> Bool {
      FileManager.default.fileExists(atPath: "\(path)/\(RunDirectory.manifestName)")
    }
    guard !isRun(path), let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return [path] }
    let runs = names.sorted().map { "\(path)/\($0)" }.filter(isRun)
    return runs.isEmpty ? [path] : runs
  }

  /// Adds the launches of another run under the same conditions. A point that did not pass in both did not pass.
  private mutating func join(_ other: ComparisonSide) throws {
    let places = Dictionary(
      entries.enumerated().map { ($1.point.key(ignoring: []), $0) }, uniquingKeysWith: { first, _ in first })
    layers.merge(other.layers) { own, _ in own }
    warnings += other.warnings
    for entry in other.entries {
      guard let place = places[entry.point.key(ignoring: [])] else {
        entries.append(entry)
        continue
      }
      if let first = entries[place].result, let second = entry.result,
        let difference = Conditions.differences(self, other, first, second).first
      {
        throw InputError(
          file: name, "expected runs under the same conditions, found \(difference.text) at '\(entry.point.label)'")
      }
      entries[place].launches += entry.launches
      if entry.result?.status != .passed { entries[place].result = entry.result }
    }
  }

  /// Splits off what follows the last colon if it looks like settings; a path may itself hold a colon.
  private static func split(_ text: String) -> (path: String, settings: [String]) {
    guard let colon = text.lastIndex(of: ":"), text[colon...].contains("=") else { return (text, []) }
    // An item without '=' continues the list of CPUs before it (cpus=0,2).
    var settings: [String] = []
    for part in text[text.index(after: colon)...].split(separator: ",").map(String.init) {
      if part.contains("=") || settings.isEmpty {
        settings.append(part)
      } else {
        settings[settings.count - 1] += ",\(part)"
      }
    }
    return (String(text[..<colon]), settings)
  }
}
