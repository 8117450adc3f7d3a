/// A library file and how to load it: an audit times candidates, and a worker calls the chosen one.
public struct LibraryCandidate: Hashable, Codable, Sendable {
  /// A path, or a name for the dynamic loader.
  public var file: String
  /// The core type to force; nil leaves the choice to the library.
  public var coreType: String?

  public init(file: String, coreType: String? = nil) {
    self.file = file
    self.coreType = coreType
  }
}

/// One library with its own choice of kernels, and with each core type that is worth trying.
public struct LibraryCandidates: Equatable, Sendable {
  /// The name to report where nothing loads.
  public var name: String
  /// File names that are tried in turn; the first that loads is used.
  public var files: [String]
  public var coreTypes: [String]

  public init(name: String, files: [String], coreTypes: [String]) {
    self.name = name
    self.files = files
    self.coreTypes = coreTypes
  }

  /// The known families, then `paths`, each with the core types of its family that fit `isas`.
  public static func all(paths: [String] = [], isas: [ISA] = ISA.supported) -> [LibraryCandidates] {
    let known = LibraryFamily.known.map {
      LibraryCandidates(name: $0.name, files: $0.files, coreTypes: $0.coreTypes(fitting: isas))
    }
    return known
      + paths.map { path in
        let family = LibraryFamily.of(file: path)
        return LibraryCandidates(
          name: path.split(separator: "/").last.map(String.init) ?? path, files: [path],
          coreTypes: family?.coreTypes(fitting: isas) ?? [])
      }
  }
}
