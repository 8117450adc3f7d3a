import Foundation
import Kernels
import RunStore
import Support

/// Tunings of earlier runs, each a JSON file in the user's cache directory, so that a machine is tuned once for a shape.
public struct TuningCache {
  private let directory: URL
  private let warn: (String) -> Void

  private static let schema = "lookahead/tuning/1"

  /// A file: the tuning, and what it holds for.
  private struct Entry: Codable {
    var schema: String
    /// Another version's kernels may prefer another strategy.
    var kernelVersion: String
    var key: String
    var tuning: Tuning
  }

  /// `warn` hears of files that cannot be used or written, one line each.
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

  /// Far more than any tuning takes: some tens of candidates, a few hundred bytes each.
  private static let mostBytes = 1 << 20

  /// The tuning of an earlier run; nil where there is none, or none that can be used. `candidates` are the walks that this
  /// version would choose among: another one is not believed, whatever the file says of it.
  func tuning(for key: TuningKey, among candidates: [LookupStrategy]) -> Tuning? {
    let file = file(of: key)
    guard let kind = OwnFiles.kind(file.path) else { return nil }
    // Anyone may have put anything there: a pipe would never end, and a link leads elsewhere.
    guard kind == S_IFREG, let handle = FileHandle(forReadingAtPath: file.path),
      let data = try? handle.read(upToCount: Self.mostBytes + 1) ?? Data(), data.count <= Self.mostBytes
    else {
      warn("\(file.path) is no file of this tool's cache, or cannot be read; tuning again")
      return nil
    }
    guard let entry = try? JSONDecoder().decode(Entry.self, from: data), entry.schema == Self.schema else {
      warn("\(file.path) is damaged, or of another version of this tool; tuning again")
      return nil
    }
    guard entry.kernelVersion == kernelVersion, entry.key == key.text else {
      warn("\(file.path) was tuned for other kernels or another machine; tuning again")
      return nil
    }
    guard entry.tuning.isPlausible(among: Set(candidates)) else {
      warn("\(file.path) holds a tuning that this tool does not make; tuning again")
      return nil
    }
    return entry.tuning
  }

  /// Keeps a tuning. A cache that cannot be written is worth a warning and no more.
  func store(_ tuning: Tuning, for key: TuningKey) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let entry = Entry(schema: Self.schema, kernelVersion: kernelVersion, key: key.text, tuning: tuning)
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      // A temporary file renamed over the old one: whoever reads meanwhile sees one or the other, whole.
      try encoder.encode(entry).write(to: file(of: key), options: .atomic)
    } catch {
      warn("\(file(of: key).path) cannot be written: \(plainReason(error))")
    }
  }

  private func file(of key: TuningKey) -> URL { directory.appendingPathComponent("\(key.digest).json") }
}

extension Tuning {
  /// Upper limit for a time per token in ns and for a count of bytes: above any real one, and sums stay finite.
  private static let most = 1e15

  /// Whether a tuner that chooses among `walks` can have made it.
  fileprivate func isPlausible(among walks: Set<LookupStrategy>) -> Bool {
    func isTime(_ value: Double) -> Bool { value.isFinite && value > 0 && value < Self.most }
    let tried = candidates.map(\.strategy)
    guard considered == walks.count, Set(tried).count == tried.count, walks.isSuperset(of: tried),
      let chosen = candidates.first(where: { $0.strategy == strategy }), chosen.measuredNanosecondsPerToken != nil
    else { return false }
    return candidates.allSatisfy {
      $0.workingSetBytes.isFinite && $0.workingSetBytes >= 0 && $0.workingSetBytes < Self.most
        && isTime($0.estimatedNanosecondsPerToken) && $0.measuredNanosecondsPerToken.map(isTime) != false
        && (0...1_000_000).contains($0.rounds)
    }
  }
}
