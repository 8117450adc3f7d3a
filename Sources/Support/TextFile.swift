import Foundation

/// Reads a whole UTF-8 file. It may be a regular file or a stream, may begin with a byte order mark, and its lines
/// may end in LF or CR LF, which becomes LF. Throws `InputError` where it cannot be read.
///
/// - Parameter limit: The most bytes that the file may have, so that an endless stream is refused before it fills memory.
public func readTextFile(_ path: String, limit: Int = TextLimit.document) throws -> String {
  let file = try InputFile(path)
  // Checks the first bytes, so that a compressed or an endless binary file is refused before it is read.
  var bytes = try file.read(upTo: 4096)
  try TextStart.check(bytes, path: path)
  bytes += try file.read(upTo: limit + 1 - bytes.count)
  guard bytes.count <= limit else {
    throw InputError(file: path, "expected a text file of at most \(formatByteCount(limit)), found a longer one")
  }
  var text = bytes[TextStart.markBytes(bytes)...]
  if let place = text.firstIndex(of: 0) {
    throw InputError(file: path, line: lineNumber(of: place, in: text), "expected text, found a NUL byte")
  }
  if text.contains(UInt8(ascii: "\r")) { text = withoutCarriageReturns(text)[...] }
  guard let decoded = String(validating: text, as: UTF8.self) else {
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let line = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
    throw InputError(file: path, line: line.map { $0 + 1 }, "expected UTF-8 text, found bytes that are none")
  }
  return decoded
}

/// Reads a text file of a run or a job directory. Unlike `readTextFile` it refuses a pipe, because waiting for a
/// pipe's writer might never end.
public func readRunFile(_ path: String) throws -> String {
  if FileKind(path: path) == .stream { throw InputError(file: path, "expected a regular file, found a pipe or device") }
  return try readTextFile(path, limit: TextLimit.runFile)
}

/// The maximum length of a text file in bytes.
public enum TextLimit {
  /// For experiments, machines and counter groups: a hundred times the largest of them, and still read within a
  /// second.
  public static let document = 1 << 20
  /// For files that a run writes and that grow with its points: a plan of a million points is shorter.
  public static let runFile = 1 << 30
}

/// What the first bytes of a file show about its format.
public enum TextStart {
  private static let formats: [(name: String, start: [UInt8])] = [
    ("gzip", [0x1f, 0x8b]), ("zstd", [0x28, 0xb5, 0x2f, 0xfd]), ("xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]),
    ("lz4", [0x04, 0x22, 0x4d, 0x18]), ("zip", [0x50, 0x4b, 0x03, 0x04]), ("compress", [0x1f, 0x9d]),
  ]

  /// The compression format that `bytes` begin with; nil for none that is known.
  public static func compression(_ bytes: some Collection<UInt8>) -> String? {
    if let format = formats.first(where: { bytes.starts(with: $0.start) }) { return format.name }
    // bzip2: "BZh", the block size, then the digits of pi that begin a block, or of its root that end an empty
    // stream.
    let block = bytes.dropFirst(4).prefix(6)
    let isBlock = block.elementsEqual([0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
    let isEnd = block.elementsEqual([0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
    return bytes.starts(with: "BZh".utf8) && (isBlock || isEnd) ? "bzip2" : nil
  }

  /// Refuses compressed files, UTF-16 and files with a NUL byte. `bytes` are the first of the file.
  public static func check(_ bytes: some Collection<UInt8>, path: String) throws {
    if let compression = compression(bytes) {
      throw InputError(file: path, "expected text, found it compressed (\(compression)); unpack it first")
    }
    if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
      throw InputError(file: path, "expected UTF-8 text, found UTF-16")
    }
    if bytes.contains(0) { throw InputError(file: path, "expected text, found a NUL byte in its first \(bytes.count)") }
  }

  /// Length of UTF-8's byte order mark at the front of `bytes`, or 0.
  public static func markBytes(_ bytes: some Collection<UInt8>) -> Int {
    bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
  }
}

private func lineNumber(of place: Int, in text: ArraySlice<UInt8>) -> Int {
  text[..<place].reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
}

/// A carriage return stays where no line feed follows it.
private func withoutCarriageReturns(_ text: ArraySlice<UInt8>) -> [UInt8] {
  var result: [UInt8] = []
  result.reserveCapacity(text.count)
  for index in text.indices {
    let isEnd = text[index] == UInt8(ascii: "\r") && index + 1 < text.endIndex && text[index + 1] == UInt8(ascii: "\n")
    if !isEnd { result.append(text[index]) }
  }
  return result
}
