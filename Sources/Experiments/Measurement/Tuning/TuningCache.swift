import Foundation
import Kernels
import RunStore
import Support

/// Tunings of earlier runs, each a JSON file in the user's cache directory, so that a machine is tuned once for a shape.
public struct TuningCache {
  private let directory: URL
  private let warn: (String) -> Void

  private static let schema = "lookahead/tuning/2"

  /// The content of a file: the tuning, and the case that it is valid for.
  private struct Entry: Codable {
    var schema: String
    /// The kernels of another version may prefer another strategy.
    var kernelVersion: String
    var key: String
    var tuning: Tuning
  }

  /// `warn` gets one line for each file that cannot be used or written.
  public init(directory: String, warn: @escaping (String) -> Void) {
    self.directory = URL(fileURLWithPath: directory)
    self.warn = warn
  }

  /// `$XDG_CACHE_HOME/lookahead/tuning`, or `~/.cache/lookahead/tuning` (XDG Base Directory Specification: a relative path
  /// in the variable does not count).
  public static func defaultDirectory(
    environment: [String: String] = ProcessInfo.processInfo.environment, home: String = NSHomeDirectory()
  ) -> String {
    let cache = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "\(home)/.cache"
    return "\(cache)/lookahead/tuning"
  }

  /// The largest file that is read, far above any tuning: some tens of candidates at a few hundred bytes each.
  private static let mostBytes = 1 << 20

  /// The tuning of an earlier run; nil where there is no usable one. `candidates` are the strategies that this
  /// version chooses among; a tuning with any other one is refused.
  func tuning(for key: TuningKey, among candidates: [Tuning.Strategy]) -> Tuning? {
    let file = file(of: key)
    guard let kind = OwnFiles.kind(file.path) else { return nil }
    // The directory may hold anything: reading a pipe would never end, and a link leads elsewhere.
    guard kind == S_IFREG, let handle = FileHandle(forReadingAtPath: file.path),
      let data = try? handle.read(upToCount: Self.mostBytes + 1) ?? Data(), data.count <= Self.mostBytes
    else {
      warn("\(file.path) is no file of the tuning cache, or cannot be read; tuning again")
      return nil
    }
    guard let entry = try? JSONDecoder().decode(Entry.self, from: data), entry.schema == Self.schema else {
      warn("\(file.path) is damaged, or was written by another version; tuning again")
      return nil
    }
    guard entry.kernelVersion == kernelVersion, entry.key == key.text else {
      warn("\(file.path) was tuned for other kernels or another machine; tuning again")
      return nil
    }
    guard entry.tuning.isPlausible(among: Set(candidates)) else {
      warn("\(file.path) holds a strategy that is not among the candidates; tuning again")
      return nil
    }
    return entry.tuning
  }

  /// Stores a tuning. A cache that cannot be written only gives a warning.
  func store(_ tuning: Tuning, for key: TuningKey) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let entry = Entry(schema: Self.schema, kernelVersion: kernelVersion, key: key.text, tuning: tuning)
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      // A temporary file is renamed over the old one, so that concurrent readers see one or the other, whole.
      try encoder.encode(entry).write(to: file(of: key), options: .atomic)
    } catch {
      warn("\(file(of: key).path) cannot be written: \(plainReason(error))")
    }
  }

  private func file(of key: TuningKey) -> URL { directory.appendingPathComponent("\(key.digest).json") }
}

extension Tuning {
  /// The largest plausible time per token in ns or count of bytes; sums of such values stay finite.
  private static let most = 1e15

  /// Whether a tuner that chooses among `strategies` can have made this tuning.
  fileprivate func isPlausible(among strategies: Set<Strategy>) -> Bool {
    func isTime(_ value: Double) -> Bool { value.isFinite && value > 0 && value < Self.most }
    let tried = candidates.map(\.strategy)
    guard considered == strategies.count, Set(tried).count == tried.count, strategies.isSuperset(of: tried),
      let chosen = candidates.first(where: { $0.strategy == strategy }), chosen.measuredNanosecondsPerToken != nil
    else { return false }
    return candidates.allSatisfy {
      $0.workingSetBytes.isFinite && $0.workingSetBytes >= 0 && $0.workingSetBytes < Self.most
        && isTime($0.estimatedNanosecondsPerToken) && $0.measuredNanosecondsPerToken.map(isTime) != false
        && (0...1_000_000).contains($0.rounds)
    }
  }
}
