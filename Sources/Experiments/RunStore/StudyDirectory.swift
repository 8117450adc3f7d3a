import Foundation
import Support

/// A directory that holds one study: the output of `validate --report`, `explore`, `compare`, `calibrate --report` or
/// `export`.
///
/// A verb writes into an empty or absent directory, or over an earlier study of its own kind. Where it finds anything
/// else, such as a run, it writes nothing: see `OwnFiles`.
public struct StudyDirectory {
  public enum Kind: String, Sendable {
    case validation, exploration, comparison, calibration, export
  }

  /// What people write about a study, such as how it came about. No verb writes or removes it.
  static let notesName = "NOTES.md"

  public let path: String

  /// Throws `InputError` with the file's name where the directory holds a file that the study's verb did not write.
  /// Makes nothing.
  public init(_ path: String, for kind: Kind) throws {
    self.path = path
    try WholeFile.requireName(path)
    guard let type = Self.kindFollowingLinks(path) else { return }
    guard type == S_IFDIR else { throw InputError(file: path, "expected a directory, found another kind of file") }
    let content = try Self.files(of: kind).content(of: path)
    let article = [.exploration, .export].contains(kind) ? "an" : "a"
    let expected = "expected an empty directory or an earlier \(kind.rawValue)"
    if content.foreign.contains(RunDirectory.manifestName) {
      throw InputError(
        file: "\(path)/\(RunDirectory.manifestName)",
        "\(expected), found a run; choose another directory for \(article) \(kind.rawValue)")
    }
    if let name = (content.foreign + content.inTheWay).first(where: { $0 != Self.notesName }) {
      throw InputError(
        file: "\(path)/\(name)", "\(expected), found what no \(kind.rawValue) wrote; choose another directory")
    }
    try OwnFiles.remove(OwnFiles.abandoned(content.own), hasPlots: false, from: path)
  }

  /// Makes the directory, so that a failure shows before the work starts.
  public func make() throws { try WholeFile.makeDirectory(path) }

  /// Writes a file of the study, whole or not at all, and makes missing directories.
  public func write(_ text: String, to name: String) throws {
    let url = URL(fileURLWithPath: "\(path)/\(name)")
    try WholeFile.makeDirectory(url.deletingLastPathComponent().path)
    try WholeFile.write(text, to: url.path)
  }

  /// Removes the plots of an earlier study, which the new one may not have.
  public func removePlots() throws {
    guard Self.kindFollowingLinks(path) == S_IFDIR else { return }
    let content = try OwnFiles(marks: [:]).content(of: path)
    try OwnFiles.remove(content.own.filter { $0.hasPrefix("plots/") }, hasPlots: content.hasPlots, from: path)
  }

  private static func kindFollowingLinks(_ path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
  }

  private static func files(of kind: Kind) -> OwnFiles {
    let machine = OwnFiles.Mark.start("schema: lookahead/machine/1")
    switch kind {
    case .validation:
      return OwnFiles(marks: [
        "points.csv": .start("point_id,point,"), "stages.csv": .start("point_id,stage,"),
        "lines.csv": .start("point_id,boundary,"),
        RunDirectory.hostMachineName: machine, "report.md": .start("# Projected against measured throughput"),
      ])
    case .exploration:
      return OwnFiles(marks: [
        "answers.csv": .start("target,point,base,"), "machines.csv": .start("target,point,base,"),
        "report.md": .words("Everything here is **modelled**"),
      ])
    case .comparison:
      return OwnFiles(marks: [
        "comparison.csv": .start("point_id,sweep,label,verdict,"),
        "comparison.md": .words("Changes are of B's time over A's"),
      ])
    case .calibration:
      let table = OwnFiles.Mark.start("name,threads,working_set_bytes,")
      return OwnFiles(marks: [
        "machine.yaml": machine, "calibration.csv": table, "samples.csv": table,
        "report.md": .start("# Calibration of "),
      ])
    case .export:
      var marks: [String: OwnFiles.Mark] = [:]
      for type in RunStore.rowTypes {
        marks["\(type.table).csv"] = .start(type.columns.prefix(2).joined(separator: ",") + ",")
        marks["\(type.table).jsonl"] = .emptyOrStart("{\"\(type.columns.first ?? "")\":")
      }
      return OwnFiles(marks: marks)
    }
  }
}

/// The machine file that `calibrate --output` writes.
public enum MachineFile {
  /// Throws `InputError` where `path` holds something other than a machine file, or is the name of a run's file in a
  /// run directory.
  public static func requireReplaceable(_ path: String) throws {
    try WholeFile.requireName(path)
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard FileManager.default.isWritableFile(atPath: folder) else {
      throw InputError(file: path, "expected a file in a directory that is there and can be written to")
    }
    guard let kind = OwnFiles.kind(path) else { return }
    if OwnFiles.kind("\(folder)/\(RunDirectory.manifestName)") != nil,
      RunDirectory.ownFiles.marks.keys.contains(
        URL(fileURLWithPath: path).lastPathComponent)
    {
      throw InputError(file: path, "expected a new file or a machine file, found a file of a run; choose another name")
    }
    let head = kind == S_IFREG ? FileHandle(forReadingAtPath: path).flatMap { try? $0.read(upToCount: 4096) } : nil
    guard let head, String(decoding: head, as: UTF8.self).hasPrefix("schema: lookahead/machine/1") else {
      throw InputError(file: path, "expected a new file or a machine file, found something else; choose another name")
    }
  }
}
