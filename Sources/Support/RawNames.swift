import Foundation

/// The bytes of file names that are not UTF-8.
///
/// The system's paths are bytes and Swift's are text; Swift replaces bytes that are not UTF-8 when it decodes the
/// command line. Every component of a path that was decoded in this way is looked up here, among the components of
/// the original arguments and of the working directory, to get its bytes back.
struct RawNames {
  private enum Origin: Equatable {
    case bytes([UInt8])
    /// Two names that differ only in bytes that are not UTF-8.
    case ambiguous
  }

  /// Keyed by the UTF-8 of the decoded component, because strings that differ only in their normal form compare
  /// equal.
  private var origins: [[UInt8]: Origin] = [:]

  /// The names of this process.
  static let ofProcess = RawNames(arguments: commandLine(), workingDirectory: workingDirectory())

  init(arguments: [[UInt8]], workingDirectory: [UInt8]? = nil) {
    for argument in arguments + (workingDirectory.map { [$0] } ?? []) {
      guard String(validating: argument, as: UTF8.self) == nil else { continue }
      for component in RawNames.path(in: argument).split(separator: UInt8(ascii: "/")) {
        add(Array(component))
      }
    }
  }

  private mutating func add(_ component: [UInt8]) {
    let decoded = Array(String(decoding: component, as: UTF8.self).utf8)
    guard decoded != component else { return }
    if let known = origins[decoded], known != .bytes(component) {
      origins[decoded] = .ambiguous
    } else {
      origins[decoded] = .bytes(component)
    }
  }

  /// The part of an argument that can be a path: in `--option=PATH` the part after the sign.
  static func path(in argument: [UInt8]) -> ArraySlice<UInt8> {
    guard argument.starts(with: "--".utf8), let sign = argument.firstIndex(of: UInt8(ascii: "=")) else {
      return argument[...]
    }
    return argument[(sign + 1)...]
  }

  /// The bytes that name `path` to the system, without a terminating 0.
  func bytes(of path: String) throws -> [UInt8] {
    let decoded = Array(path.utf8)
    guard !decoded.contains(0) else {
      throw InputError(file: path, "expected a file name, found a NUL character in it")
    }
    guard !origins.isEmpty, path.unicodeScalars.contains("\u{FFFD}") else { return decoded }
    let components = decoded.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    return Array(
      try components.map { component in
        switch origins[Array(component)] {
        case .bytes(let bytes): return bytes
        case .ambiguous:
          throw InputError(
            file: path, "expected names that differ in more than bytes that are not UTF-8; rename one of the files")
        case nil: return Array(component)
        }
      }.joined(separator: [UInt8(ascii: "/")]))
  }

  /// The arguments of this process as bytes.
  static func commandLine() -> [[UInt8]] {
    (0..<Int(CommandLine.argc)).compactMap { index in
      CommandLine.unsafeArgv[index].map { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
    }
  }

  private static func workingDirectory() -> [UInt8]? {
    guard let path = getcwd(nil, 0) else { return nil }
    defer { free(path) }
    return Array(UnsafeRawBufferPointer(start: path, count: strlen(path)))
  }
}

/// Refuses arguments that are not UTF-8, unless they name an existing file. Such a file can be opened, but a new name
/// or a value cannot be passed on unchanged.
public func checkArgumentsAreText() throws {
  for argument in RawNames.commandLine().dropFirst() where String(validating: argument, as: UTF8.self) == nil {
    let path = String(decoding: RawNames.path(in: argument), as: UTF8.self)
    if let kind = FileKind(path: path), kind != .directory { continue }
    throw InputError(
      key: String(decoding: argument, as: UTF8.self),
      "expected UTF-8, or the name of a file to read, found bytes that are not UTF-8 (shown as \u{FFFD})")
  }
}
