import Foundation

/// The bytes of file names that are not UTF-8.
///
/// A path is bytes to the system, and text to Swift, which replaces what is not UTF-8 when it decodes the command line. Every
/// component of a path that was decoded so is looked up here, among the components of the arguments as they were given and
/// of the working directory, and gets its bytes back.
struct RawNames {
  private enum Origin: Equatable {
    case bytes([UInt8])
    /// Two names that differ only in bytes that are not UTF-8.
    case ambiguous
  }

  /// By the UTF-8 of the decoded component: strings themselves compare equal where only their normal form differs.
  private var origins: [[UInt8]: Origin] = [:]

  /// Those of this process.
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

  /// What of an argument can be a path: in `--option=PATH` what follows the sign.
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

  /// The arguments of this process as the system has them.
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

/// Refuses arguments that are not UTF-8, unless they name an existing file: such a file can be opened, but a name to make
/// or a value cannot be passed on as it was given.
public func checkArgumentsAreText() throws {
  for argument in RawNames.commandLine().dropFirst() where String(validating: argument, as: UTF8.self) == nil {
    let path = String(decoding: RawNames.path(in: argument), as: UTF8.self)
    if let kind = FileKind(path: path), kind != .directory { continue }
    throw InputError(
      key: String(decoding: argument, as: UTF8.self),
      "expected UTF-8, or the name of a file to read, found bytes that are not UTF-8 (shown as \u{FFFD})")
  }
}
