import Foundation
import Support

/// The lines of a text file or stream of any size, read in chunks; a line is handed out as bytes without its end-of-line.
final class ChunkedLines {
  /// Longer than any line of a trace, in bytes. A file without line ends, such as a binary one, is refused before it
  /// fills the memory.
  private static let longestLine = 4096

  /// 1-based number of the line handed out last.
  private(set) var lineNumber = 0
  let file: InputFile
  private var buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: InputFile.chunkBytes)
  private var start = 0
  private var end = 0
  private var isAtEnd = false

  /// Opens the file at `path`. Throws `InputError` where its first bytes are not text.
  init(path: String) throws {
    file = try InputFile(path)
  }

  deinit {
    buffer.deallocate()
  }

  /// The next line, valid until the next call; nil at the end of the file.
  func next() throws -> UnsafeBufferPointer<UInt8>? {
    if lineNumber == 0, end == 0, !isAtEnd { try begin() }
    var searched = start
    while true {
      if let newline = newlineIndex(from: searched) {
        defer { start = newline + 1 }
        return line(start..<newline)
      }
      searched = end - start
      if isAtEnd {
        defer { start = end }
        return start == end ? nil : line(start..<end)
      }
      guard searched <= ChunkedLines.longestLine else {
        throw InputError(file: file.path, line: lineNumber + 1, "expected lines of text, found one that does not end")
      }
      try refill()
    }
  }

  /// Reads enough to recognise the file's kind, since a pipe may give its first bytes one by one.
  private func begin() throws {
    while end < 16, !isAtEnd { try refill() }
    let bytes = buffer[..<end]
    try TextStart.check(bytes, path: file.path)
    start = TextStart.markBytes(bytes)
  }

  private func newlineIndex(from first: Int) -> Int? {
    guard first < end, let base = buffer.baseAddress,
      let found = memchr(base + first, Int32(UInt8(ascii: "\n")), end - first)
    else { return nil }
    return UnsafeRawPointer(base).distance(to: found)
  }

  /// Moves the unread bytes to the front and reads more behind them.
  private func refill() throws {
    guard let base = buffer.baseAddress else { return }
    let left = end - start
    memmove(base, base + start, left)
    start = 0
    end = left
    let count = try file.read(
      into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[left...]))
    end += count
    isAtEnd = count == 0
  }

  private func line(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
    lineNumber += 1
    var range = range
    if range.count > 0, buffer[range.upperBound - 1] == UInt8(ascii: "\r") { range = range.dropLast() }
    return UnsafeBufferPointer(rebasing: buffer[range])
  }
}
