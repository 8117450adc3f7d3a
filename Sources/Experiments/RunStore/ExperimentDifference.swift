import Foundation
import Support

/// The difference between two experiments, key by key; comments, order and spelling do not matter.
package enum ExperimentDifference {
  /// Lines `- key: value` of the old one and `+ key: value` of the new one; none where both are equal.
  package static func lines(_ old: (text: String, overrides: [String]), _ new: (text: String, overrides: [String]))
    -> [String]
  {
    let before = entries(old.text, old.overrides)
    let after = entries(new.text, new.overrides)
    guard let before, let after else {
      // One of them is no valid YAML; an older version may have accepted it.
      return old == new ? [] : ["- another text", "+ \(new.text.count) characters of YAML"]
    }
    var lines: [String] = []
    for key in Set(before.keys).union(after.keys).sorted() where before[key] != after[key] {
      if let value = before[key] { lines.append("- \(key): \(value)") }
      if let value = after[key] { lines.append("+ \(key): \(value)") }
    }
    return lines
  }

  /// Every scalar by its key path. List items with a name are keyed by it, so that an added item does not shift the
  /// others.
  private static func entries(_ text: String, _ overrides: [String]) -> [String: String]? {
    var entries: [String: String] = [:]
    // Files that were included follow the experiment as documents of their own.
    for (index, document) in ("\n" + text).components(separatedBy: "\n---").enumerated() {
      let blank = document.split(separator: "\n").allSatisfy { $0.hasPrefix("#") || $0.allSatisfy(\.isWhitespace) }
      if blank { continue }
      guard let root = try? YAMLValue(text: document, file: "") else { return nil }
      collect(root, index == 0 ? "" : "included[\(index)]", &entries)
    }
    for (index, override) in overrides.enumerated() { entries["--set[\(index)]"] = override }
    return entries
  }

  private static func collect(_ value: YAMLValue, _ path: String, _ entries: inout [String: String]) {
    if let object = try? value.object() {
      for (key, value) in object.entries { collect(value, path.isEmpty ? key : "\(path).\(key)", &entries) }
    } else if let list = try? value.list() {
      if list.allSatisfy({ !$0.isList && !$0.isObject }) {
        entries[path] = "[\(list.map { (try? $0.string()) ?? "" }.joined(separator: ", "))]"
        return
      }
      for (index, item) in list.enumerated() {
        let name = try? item.object()["name"]?.string()
        collect(item, "\(path)[\(name ?? "\(index)")]", &entries)
      }
    } else {
      entries[path] = (try? value.string()) ?? ""
    }
  }
}

/// The error for a directory that holds another run than the requested one.
enum OtherRun {
  /// The longest difference that is shown.
  private static let mostLines = 40

  /// The error, with the difference below it.
  static func error(_ path: String, _ lines: [String]) -> InputError {
    var shown = Array(lines.prefix(mostLines))
    if lines.count > mostLines { shown.append("and \(lines.count - mostLines) more") }
    return InputError(
      file: path,
      "this directory holds another run (- as it was run, + as asked for); choose another directory, or --restart to "
        + "discard it:", details: shown.map { "  \($0)" })
  }
}
