import Foundation
import Support

/// The entries of a directory that the tool wrote. Nothing else is ever removed or replaced.
///
/// Symbolic links are not followed, and a link is never one of the tool's files.
package struct OwnFiles {
  /// The mark that distinguishes a file of the tool from a user's file of the same name.
  enum Mark {
    /// The name suffices, because another file of the directory, such as a manifest, shows that it is the tool's.
    case none
    /// The first bytes of the file.
    case start(String)
    /// Words near the start of the file.
    case words(String)
    /// An empty file, or one with these first bytes.
    case emptyOrStart(String)
  }

  /// The mark of each name.
  let marks: [String: Mark]
  let plotsName = "plots"

  /// The content of a directory, as paths relative to it.
  struct Content {
    /// Files that the tool wrote, unfinished ones included; those in plots/ with their folder.
    var own: [String] = []
    /// Everything else, sorted, except entries in `inTheWay`.
    var foreign: [String] = []
    /// Entries that have a name of the tool's but are no regular file, or no directory.
    var inTheWay: [String] = []
    var hasPlots = false
  }

  func content(of directory: String) throws -> Content {
    var content = Content()
    for name in try Self.names(in: directory) {
      let path = "\(directory)/\(name)"
      if name == plotsName {
        guard Self.kind(path) == S_IFDIR else {
          content.inTheWay.append(name)
          continue
        }
        content.hasPlots = true
        let plots = try Self.names(in: path)
        for plot in plots {
          if Self.isPlot(plot, in: path) {
            content.own.append("\(name)/\(plot)")
          } else {
            content.foreign.append("\(name)/\(plot)")
          }
        }
        continue
      }
      let final = WholeFile.unfinished(name)?.name ?? name
      guard let mark = marks[final] else {
        content.foreign.append(name)
        continue
      }
      guard Self.kind(path) == S_IFREG else {
        content.inTheWay.append(name)
        continue
      }
      // An unfinished file may begin with anything.
      if final != name || Self.isMarked(path, mark) { content.own.append(name) } else { content.foreign.append(name) }
    }
    return content
  }

  /// Removes files that `content` listed as own, and plots/ if it is empty then.
  static func remove(_ names: [String], hasPlots: Bool, from directory: String) throws {
    for name in names {
      guard unlink("\(directory)/\(name)") == 0 || errno == ENOENT else {
        throw FileNotWritten(path: "\(directory)/\(name)", reason: String(cString: strerror(errno)))
      }
    }
    // Fails, as it should, where the user keeps files there.
    if hasPlots { rmdir("\(directory)/plots") }
  }

  /// Returns the unfinished files among `names` whose writing process has ended.
  static func abandoned(_ names: [String]) -> [String] {
    names.filter { name in
      let last = name.split(separator: "/").last.map(String.init) ?? name
      guard let process = WholeFile.unfinished(last)?.process else { return false }
      return kill(process, 0) != 0 && errno == ESRCH
    }
  }

  /// A plot is three files, of which the script names the others.
  private static func isPlot(_ name: String, in directory: String) -> Bool {
    guard kind("\(directory)/\(name)") == S_IFREG else { return false }
    if WholeFile.unfinished(name) != nil { return true }
    let url = URL(fileURLWithPath: name)
    guard ["csv", "gp", "svg"].contains(url.pathExtension) else { return false }
    let plot = url.deletingPathExtension().lastPathComponent
    let script = "\(directory)/\(plot).gp"
    return kind(script) == S_IFREG && isMarked(script, .start("# Draws \(plot).svg from \(plot).csv"))
  }

  private static func isMarked(_ path: String, _ mark: Mark) -> Bool {
    /// The start of the file, far beyond any of the words.
    func head() -> String? {
      guard let file = FileHandle(forReadingAtPath: path), let data = try? file.read(upToCount: 1 << 16) else {
        return (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) == 0 ? "" : nil
      }
      return String(decoding: data, as: UTF8.self)
    }
    switch mark {
    case .none: return true
    case .start(let text): return head()?.hasPrefix(text) ?? false
    case .words(let text): return head()?.contains(text) ?? false
    case .emptyOrStart(let text): return head().map { $0.isEmpty || $0.hasPrefix(text) } ?? false
    }
  }

  /// The file type bits of `path` itself; nil where it does not exist.
  package static func kind(_ path: String) -> mode_t? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
  }

  private static func names(in directory: String) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    } catch {
      throw InputError(file: directory, "expected a directory that can be read: \(plainReason(error))")
    }
  }
}
