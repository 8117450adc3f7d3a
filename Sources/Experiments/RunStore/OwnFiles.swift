import Foundation
import Support

/// Which entries of a directory the tool wrote there. Nothing else is ever removed or replaced.
///
/// Symbolic links are not followed: a link is never one of the tool's files, whatever it leads to.
package struct OwnFiles {
  /// How a file of the tool is told from a user's file with its name.
  enum Mark {
    /// The name says enough, because something else in the directory, such as a manifest, says whose it is.
    case none
    /// The first bytes.
    case start(String)
    /// Words that occur early on.
    case words(String)
    /// An empty file, or one with these first bytes.
    case emptyOrStart(String)
  }

  /// By name.
  let marks: [String: Mark]
  let plotsName = "plots"

  /// What a directory holds, as paths relative to it.
  struct Content {
    /// Files that the tool wrote, unfinished ones included; those in plots/ with their folder.
    var own: [String] = []
    /// Everything else, sorted, but for what has a name of the tool's and is no file.
    var foreign: [String] = []
    /// Entries that have a name of the tool's and are no regular file, or no directory.
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
      // What is not whole yet begins as it may.
      if final != name || Self.isMarked(path, mark) { content.own.append(name) } else { content.foreign.append(name) }
    }
    return content
  }

  /// Removes files that `content` listed as own, and plots/ where nothing else is left in it.
  static func remove(_ names: [String], hasPlots: Bool, from directory: String) throws {
    for name in names {
      guard unlink("\(directory)/\(name)") == 0 || errno == ENOENT else {
        throw FileNotWritten(path: "\(directory)/\(name)", reason: String(cString: strerror(errno)))
      }
    }
    // Fails where the user keeps something there, which is what is wanted.
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
    /// Far beyond where any of the words are.
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

  /// The file type bits of `path` itself; nil where there is nothing.
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
