import Foundation
import Support
import Testing

@Suite struct TextFileTests {
  /// The text read from a file of `bytes`, or the error, in which FILE stands for its path.
  private func read(_ bytes: [UInt8], limit: Int = TextLimit.document) throws -> String {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("text-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(bytes).write(to: file)
    do { return try readTextFile(file.path, limit: limit) } catch {
      return "\(error)".replacingOccurrences(of: file.path, with: "FILE")
    }
  }

  @Test func `a byte order mark and carriage returns before line feeds are not part of the text`() throws {
    #expect(try read([0xef, 0xbb, 0xbf] + Array("a\r\nb\rc\r\n".utf8)) == "a\nb\rc\n")
    #expect(try read([0xef, 0xbb, 0xbf]).isEmpty)
  }

  @Test(arguments: [
    ("gzip", [0x1f, 0x8b, 8, 0] as [UInt8]), ("zstd", [0x28, 0xb5, 0x2f, 0xfd]),
    ("xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]),
    ("bzip2", Array("BZh9".utf8) + [0x31, 0x41, 0x59, 0x26, 0x53, 0x59]),
    ("bzip2", Array("BZh9".utf8) + [0x17, 0x72, 0x45, 0x38, 0x50, 0x90]),
  ])
  func `a compressed file is named as such`(name: String, bytes: [UInt8]) throws {
    #expect(try read(bytes + [1, 2, 3]) == "FILE: expected text, found it compressed (\(name)); unpack it first")
  }

  @Test func `text that starts like a compressed file's letters is text`() throws {
    #expect(try read(Array("BZh9 is a name".utf8)) == "BZh9 is a name")
  }

  @Test func `bytes that are not UTF-8 text are refused with their line`() throws {
    #expect(try read(Array("a\nb\n".utf8) + [0x6d, 0xfc]) == "FILE:3: expected UTF-8 text, found bytes that are none")
    #expect(try read([0xff, 0xfe, 0x61, 0]) == "FILE: expected UTF-8 text, found UTF-16")
    #expect(try read([0x61, 0]) == "FILE: expected text, found a NUL byte in its first 2")
    #expect(
      try read(Array(String(repeating: "line\n", count: 2000).utf8) + [0])
        == "FILE:2001: expected text, found a NUL byte")
  }

  @Test func `a file longer than the limit, and an endless one, are refused with the limit`() throws {
    #expect(try read(Array("12345678".utf8), limit: 8) == "12345678")
    #expect(
      try read(Array("123456789".utf8), limit: 8) == "FILE: expected a text file of at most 8B, found a longer one")
    #expect(throws: InputError.self) { try readTextFile("/dev/zero") }
    #expect(throws: InputError.self) { try readTextFile("/dev/urandom") }
  }

  @Test func `a pipe of more than a chunk is read whole`() throws {
    let text = String(repeating: "0123456789\n", count: 50_000)
    let pipe = Pipe()
    let writer = Thread {
      pipe.fileHandleForWriting.write(Data(text.utf8)); try? pipe.fileHandleForWriting.close()
    }
    writer.start()
    #expect(try readTextFile("/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)") == text)
  }

  @Test func `a missing file, a directory and a name with NUL are named as such`() throws {
    func message(_ path: String) -> String {
      do { return try readTextFile(path) } catch { return "\(error)" }
    }
    #expect(message("/no/such") == "/no/such: no such file")
    #expect(message("/tmp") == "/tmp: expected a readable file, found a directory")
    #expect(message("/tmp/a\0b") == "/tmp/a\\x00b: expected a file name, found a NUL character in it")
  }
}
