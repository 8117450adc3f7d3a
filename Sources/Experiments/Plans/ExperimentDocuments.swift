import Foundation
import Support

/// An experiment file and the files that it includes, as one text that a run can store.
///
/// In the text each included file follows a line `--- # included: PATH`, so that it is a stream of YAML documents
/// that is complete even if the files are gone.
struct ExperimentDocuments {
  /// The experiment itself, then the included files in the order in which they are first named.
  private(set) var documents: [(file: String, yaml: YAMLValue, text: String)] = []

  var text: String {
    documents.dropFirst().reduce(documents.first?.text ?? "") { text, document in
      (text.hasSuffix("\n") ? text : text + "\n") + Self.marker + document.file + "\n" + document.text
    }
  }

  /// The order in which they are merged: included files before the including one.
  private(set) var mergeOrder: [YAMLValue] = []

  private static let marker = "--- # included: "

  /// Reads the included files, from `text` itself where it holds them, else from files beside the including one.
  init(text: String, file: String) throws {
    var kept: [String: String] = [:]
    var parts: [(file: String, lines: [Substring])] = [(file, [])]
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix(Self.marker) {
        parts.append((String(line.dropFirst(Self.marker.count)), []))
      } else {
        parts[parts.count - 1].lines.append(line)
      }
    }
    // The line break before a marker belongs to the marker.
    for part in parts.dropFirst() { kept[part.file] = part.lines.joined(separator: "\n") }
    var main = parts[0].lines.joined(separator: "\n")
    if parts.count > 1, !main.hasSuffix("\n") { main += "\n" }
    try add(file, main, kept, open: [])
  }

  private mutating func add(_ file: String, _ text: String, _ kept: [String: String], open: [String]) throws {
    let yaml = try YAMLValue(text: text, file: file)
    documents.append((file, yaml, text))
    let object = try yaml.object(keys: Experiment.keys)
    let schema = try object.required("schema")
    guard try schema.string() == Experiment.schema else {
      throw schema.error("expected \(Experiment.schema), found \(quote(try schema.string()))")
    }
    for item in try object["include"]?.list() ?? [] {
      let name = try item.string()
      let path =
        name.hasPrefix("/") ? name : NSString(string: file).deletingLastPathComponent.appendingPath(name)
      guard path != file, !open.contains(path) else {
        throw item.error("expected no file that includes itself, found \(quote(name))")
      }
      if documents.contains(where: { $0.file == path }) { continue }
      guard let text = try kept[path] ?? (inputFileExists(path) ? readTextFile(path) : nil)
      else {
        throw item.error("expected a file beside this one, found none at \(quote(path))")
      }
      try add(path, text, kept, open: open + [file])
    }
    mergeOrder.append(yaml)
  }
}

extension String {
  fileprivate func appendingPath(_ name: String) -> String { isEmpty ? name : "\(self)/\(name)" }
}
