import Foundation
import Plans
import Support

/// manifest.json: what was run, where and how, with everything needed to run it again.
public struct Manifest: Equatable, Codable, Sendable {
  public static let schema = "lookahead/run/1"

  public var schema = Manifest.schema
  public var runID: String
  /// The experiment's name, the file it was read from, the file's full text, and the overrides applied to it.
  public var experiment: String
  public var experimentFile: String
  public var experimentText: String
  public var overrides: [String]
  public var commandLine: [String]
  /// Nil outside a repository.
  public var gitRevision: String?
  /// Whether the working tree differed from the revision; nil outside a repository.
  public var gitDirty: Bool?
  public var created: Date
  /// Nil while the run is under way, and after it was stopped early.
  public var finished: Date?
  public var host: String
  public var toolVersion: String
  public var seed: UInt64
  /// The part of the plan that the run measures; nil for all of it.
  public var shard: Shard?
  /// Whether points are only projected and nothing is measured; nil means no, as in manifests of older versions.
  public var modelled: Bool?
  /// Other versions of the tool that continued the run, in their order; nil for none.
  public var continuedWith: [String]?
  /// The layer files that points name, with a hash of their content, which identifies a layer whatever its file's
  /// name. Nil in manifests of older versions, and where no layer is named.
  public var layers: [String: String]?

  enum CodingKeys: String, CodingKey {
    case schema
    case runID = "run_id"
    case experiment
    case experimentFile = "experiment_file"
    case experimentText = "experiment_text"
    case overrides
    case commandLine = "command_line"
    case gitRevision = "git_revision"
    case gitDirty = "git_dirty"
    case created, finished, host
    case toolVersion = "tool_version"
    case seed, shard, modelled, layers
    case continuedWith = "continued_with"
  }

  /// A manifest for a run of `experiment` that starts at `created`, of which whole seconds are kept.
  public init(
    experiment: Experiment, commandLine: [String], gitRevision: String? = nil, gitDirty: Bool? = nil,
    created: Date = Date(), host: String, toolVersion: String, shard: Shard? = nil,
    modelled: Bool? = nil, layers: [String: String]? = nil
  ) {
    self.experiment = experiment.name
    experimentFile = experiment.file
    experimentText = experiment.text
    overrides = experiment.overrides
    self.commandLine = commandLine
    self.gitRevision = gitRevision
    self.gitDirty = gitDirty
    self.created = Date(timeIntervalSince1970: created.timeIntervalSince1970.rounded(.down))
    self.host = host
    self.toolVersion = toolVersion
    seed = experiment.seed
    self.shard = shard
    self.modelled = modelled
    self.layers = layers
    // The time orders runs; the hash distinguishes those that start in the same second on different hosts or from
    // different files.
    let time = Self.timestamp(self.created).filter { $0 != "-" && $0 != ":" }
    let digest = hexadecimal(
      fnv1a64(
        ([host, experiment.text, "\(experiment.overrides)"] + (shard.map { [$0.argument] } ?? [])).joined(
          separator: "|")))
    runID = "\(time)-\(digest.prefix(8))"
  }

  /// A word for what the run does with its points.
  var kind: String { modelled == true ? "projected" : "measured" }

  /// `2026-01-31T12:00:00Z`.
  public static func timestamp(_ date: Date) -> String {
    ISO8601DateFormatter().string(from: date)
  }

  /// Nil values are written as null, so that what is missing is visible.
  public func encode(to encoder: Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(schema, forKey: .schema)
    try container.encode(runID, forKey: .runID)
    try container.encode(experiment, forKey: .experiment)
    try container.encode(experimentFile, forKey: .experimentFile)
    try container.encode(experimentText, forKey: .experimentText)
    try container.encode(overrides, forKey: .overrides)
    try container.encode(commandLine, forKey: .commandLine)
    try container.encode(gitRevision, forKey: .gitRevision)
    try container.encode(gitDirty, forKey: .gitDirty)
    try container.encode(created, forKey: .created)
    try container.encode(finished, forKey: .finished)
    try container.encode(host, forKey: .host)
    try container.encode(toolVersion, forKey: .toolVersion)
    try container.encode(seed, forKey: .seed)
    try container.encode(shard, forKey: .shard)
    try container.encode(modelled, forKey: .modelled)
    try container.encode(continuedWith, forKey: .continuedWith)
    try container.encode(layers, forKey: .layers)
  }

  /// Lines for layer files whose content differs between the two; a hash that one of them lacks is no difference.
  func layerDifferences(to other: Manifest) -> [String] {
    (layers ?? [:]).sorted { $0.key < $1.key }.flatMap { name, content -> [String] in
      guard let now = other.layers?[name], now != content else { return [] }
      return ["- layer \(name): content \(content)", "+ layer \(name): content \(now)"]
    }
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }

  package init(json text: String, file: String) throws {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    guard let manifest = try? decoder.decode(Manifest.self, from: Data(text.utf8)), manifest.schema == Self.schema
    else {
      throw InputError(file: file, key: "schema", "expected a manifest of \(Self.schema)")
    }
    try JSONValue.check(text, file: file)
    // The file may come from another user, and its name is used in titles and file names as an experiment's is.
    if let problem = NameRule.fileName.problem(with: manifest.experiment) {
      throw InputError(file: file, key: CodingKeys.experiment.rawValue, problem)
    }
    for (key, version) in [("tool_version", manifest.toolVersion)]
      + (manifest.continuedWith ?? []).map({ ("continued_with", $0) })
    {
      if let problem = NameRule.title.problem(with: version) { throw InputError(file: file, key: key, problem) }
    }
    self = manifest
  }
}
