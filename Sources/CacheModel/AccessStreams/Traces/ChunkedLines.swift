import Foundation
import InputFiles

/// The lines of a file of any size, read in chunks; a line is handed out as bytes without its end-of-line.
final class ChunkedLines {
  /// Large enough that the system call costs nothing, small enough to stay in the cache.
  private static let chunkBytes = 1 << 18
  /// No line of a trace is longer; a file without line ends (a binary one) is refused before it fills the memory.
  private static let longestLine = 4096

  /// 1-based number of the line handed out last.
  private(set) var lineNumber = 0
  private let path: String
  private let file: UnsafeMutablePointer<FILE>
  private var buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: ChunkedLines.chunkBytes)
  private var start = 0
  private var end = 0
  private var isAtEnd = false

  init(path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw InputError(file: path, "no such file")
    }
    guard !isFolder.boolValue, let file = fopen(path, "rb") else {
      throw InputError(file: path, "expected a readable file")
    }
    self.path = path
    self.file = file
  }

  deinit {
    fclose(file)
    buffer.deallocate()
  }

  /// The next line, valid until the next call; nil at the end of the file.
  func next() throws -> UnsafeBufferPointer<UInt8>? {
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
        throw InputError(file: path, line: lineNumber + 1, "expected lines of text, found one that does not end")
      }
      refill()
    }
  }

  private func newlineIndex(from first: Int) -> Int? {
    guard first < end, let base = buffer.baseAddress,
      let found = memchr(base + first, Int32(UInt8(ascii: "\n")), end - first)
    else { return nil }
    return UnsafeRawPointer(base).distance(to: found)
  }

  /// Moves what is left to the front and reads more behind it.
  private func refill() {
    guard let base = buffer.baseAddress else { return }
    let left = end - start
    memmove(base, base + start, left)
    start = 0
    end = left + fread(base + left, 1, buffer.count - left, file)
    isAtEnd = end == left
  }

  private func line(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
    lineNumber += 1
    var range = range
    if range.count > 0, buffer[range.upperBound - 1] == UInt8(ascii: "\r") { range = range.dropLast() }
    return UnsafeBufferPointer(rebasing: buffer[range])
  }
}
