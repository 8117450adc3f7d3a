import Foundation
import Support

/// The machine files that are installed with the program, by name: `epyc-9654` is `epyc-9654.yaml`.
public struct MachineCatalogue: Sendable {
  public let folder: String

  public init(folder: String) {
    self.folder = folder
  }

  /// The catalogue that the build puts beside the executable.
  ///
  /// Located through /proc rather than `Bundle.module`, which ends the process where its folder is missing.
  public static func bundled() throws -> MachineCatalogue {
    let executable: String
    do {
      executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    } catch {
      throw InputError(file: "/proc/self/exe", "expected the path of the running executable, found none")
    }
    // A test runner is not built by this package; it loads the tests from the folder named on its command line, so
    // every argument's folder is a candidate too.
    let candidates = [executable] + CommandLine.arguments
    for candidate in candidates {
      let folder = URL(fileURLWithPath: candidate).resolvingSymlinksInPath().deletingLastPathComponent()
        .appendingPathComponent("lookahead_Machines.resources/Catalogue").path
      if FileManager.default.fileExists(atPath: folder) { return MachineCatalogue(folder: folder) }
    }
    let expected = URL(fileURLWithPath: executable).deletingLastPathComponent().path
    throw InputError(
      file: "\(expected)/lookahead_Machines.resources/Catalogue",
      "expected the machine catalogue beside the executable, found none; copy that folder along, or name a .yaml file")
  }

  /// The names of all machines, sorted.
  public func names() throws -> [String] {
    guard let files = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw InputError(file: folder, "expected a folder of machine files, found none")
    }
    return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(".yaml".count)) }.sorted()
  }

  /// The machine at a path that ends in .yaml or .yml or contains a slash, or the catalogue's machine of that name.
  public func machine(_ nameOrPath: String) throws -> Machine {
    if MachineCatalogue.isPath(nameOrPath) { return try Machine(contentsOf: nameOrPath) }
    let names = try names()
    guard names.contains(nameOrPath) else {
      let hint = nearestName(to: nameOrPath, among: names).map { "did you mean '\($0)'? " } ?? ""
      throw InputError(
        key: nameOrPath,
        "expected a machine of the catalogue or a .yaml file; \(hint)'lookahead machines list' shows the \(names.count) that are known"
      )
    }
    return try Machine(contentsOf: "\(folder)/\(nameOrPath).yaml")
  }

  /// Every machine of the catalogue, by name.
  public func machines() throws -> [Machine] {
    try names().map(machine)
  }

  /// Whether `text` names a file rather than a machine of the catalogue.
  public static func isPath(_ text: String) -> Bool {
    text.hasSuffix(".yaml") || text.hasSuffix(".yml") || text.contains("/")
  }
}

extension Machine {
  /// Reads the file at `nameOrPath`, or the machine of that name from the catalogue beside the executable.
  ///
  /// A path needs no catalogue, so a copied binary alone can still read machine files.
  public static func named(_ nameOrPath: String) throws -> Machine {
    MachineCatalogue.isPath(nameOrPath)
      ? try Machine(contentsOf: nameOrPath) : try MachineCatalogue.bundled().machine(nameOrPath)
  }
}
