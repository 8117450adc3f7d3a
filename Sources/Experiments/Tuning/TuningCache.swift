import Foundation
import InputFiles
import Kernels

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

  /// The tuning of an earlier run; nil where there is none, or none that can be used.
  func tuning(for key: TuningKey) -> Tuning? {
    let file = file(of: key)
    guard let data = FileManager.default.contents(atPath: file.path) else { return nil }
    guard let entry = try? JSONDecoder().decode(Entry.self, from: data), entry.schema == Self.schema else {
      warn("\(file.path) is damaged, or of another version of this tool; tuning again")
      return nil
    }
    guard entry.kernelVersion == kernelVersion, entry.key == key.text else {
      warn("\(file.path) was tuned for other kernels or another machine; tuning again")
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
