import Foundation
import Support
import Testing

@testable import AccessStreams

@Suite struct TraceReaderTests {
  private final class Recorder: AccessSink {
    var accesses: [Access] = []
    func consume(_ accesses: UnsafeBufferPointer<Access>) { self.accesses += accesses }
    func enter(phase: Int) {}
  }

  private func read(_ text: String, _ format: TraceFormat?) throws -> [Access] {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("trace-\(UUID().uuidString).txt")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(text.utf8).write(to: file)
    let recorder = Recorder()
    do {
      try TraceReader(path: file.path, format: format).read(into: recorder)
    } catch var error as InputError {
      error.file = "t"
      throw error
    }
    return recorder.accesses
  }

  @Test func `din lines are reads and writes of 4 bytes unless they state a size`() throws {
    let accesses = try read("0 1000\n1 0xFF40 16\r\n2 44\n\n 0 7fff12345678  8", .din)
    #expect(
      accesses == [
        Access(address: 0x1000, bytes: 4, kind: .read), Access(address: 0xff40, bytes: 16, kind: .write),
        Access(address: 0x7fff_1234_5678, bytes: 8, kind: .read),
      ])
  }

  @Test func `lackey lines are loads, stores and both; instructions and remarks are ignored`() throws {
    let text = "==12== Lackey\nI  04016b80,3\n L 1ffeffe7e,8\n S 1ffeffe80,4\n M 0421c7cc,4\n==12== bye\n"
    #expect(
      try read(text, .lackey) == [
        Access(address: 0x1_ffef_fe7e, bytes: 8, kind: .read), Access(address: 0x1_ffef_fe80, bytes: 4, kind: .write),
        Access(address: 0x0421_c7cc, bytes: 4, kind: .read), Access(address: 0x0421_c7cc, bytes: 4, kind: .write),
      ])
  }

  @Test func `Valgrind's own lines are skipped, whichever mark they have`() throws {
    let text = "--4242-- Reading syms from /opt/demo\n L 40,8\n**4242** note\n--00:00:00:01.5 4242-- warning\n S 80,8\n"
    #expect(try read(text, nil).count == 2)
    for line in ["-4242- x", "--x", "** note", "-- 1"] {
      #expect(message { _ = try read(" L 40,4\n\(line)\n", .lackey) }.hasPrefix("t:2: expected"), "\(line)")
    }
  }

  @Test(arguments: ["0 1000 24020001", "0 1000 00001021", "0 1000 08", "1 1000 65537", "0 1000 2147483648"])
  func `a third column that is not a size is refused with the range of sizes`(line: String) {
    let error = message { _ = try read("0 1000 65536\n\(line)\n", .din) }
    #expect(error.hasPrefix("t:2: ") && error.hasSuffix("found '\(line)'; a request has 1 to 65536 bytes"), "\(error)")
  }

  @Test func `a byte order mark is not part of the first line`() throws {
    #expect(try read("\u{feff}0 40\r\n1 80\r\n", nil).count == 2)
  }

  @Test func `a message quotes a trace in printable and short text`() {
    let error = message { _ = try read("0 40\n0 \u{1b}[31m\(String(repeating: "x", count: 3000))\n", .din) }
    #expect(error.contains("found '0 \\x1b[31mxxx"))
    #expect(error.count < 200)
  }

  @Test func `a compressed trace is named as such`() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("trace-\(UUID().uuidString).gz")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2]).write(to: file)
    let error = message { try TraceReader(path: file.path).read(into: Recorder()) }
    #expect(error.hasSuffix("expected text, found it compressed (gzip); unpack it first"))
  }

  @Test func `a pipe beyond a chunk is read whole, with and without a format, and only once`() throws {
    let text = "\n" + (0..<60_000).map { "0 \(String($0 * 64, radix: 16)) 8\n" }.joined()
    for format in [nil, TraceFormat.din] {
      let pipe = Pipe()
      let writing = pipe.fileHandleForWriting
      Thread {
        writing.write(Data(text.utf8))
        try? writing.close()
      }.start()
      let reader = try TraceReader(path: "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)", format: format)
      let recorder = Recorder()
      try reader.read(into: recorder)
      #expect(recorder.accesses.count == 60_000 && recorder.accesses.first?.address == 0)
      #expect(reader.isStream)
      #expect(message { try reader.read(into: recorder) }.contains("expected a regular file to read twice"))
    }
  }

  @Test func `the first line decides the format`() throws {
    #expect(try read("\n0 40\n", nil).count == 1)
    #expect(try read("==1== x\n L 40,4\n", nil).count == 1)
  }

  @Test(arguments: [
    "3 1000", "0", "0 xyz", "0 1000 0", "0 1000 4 4", "0 12345678901234567", "0 ffffffffffffffff 2", "01000",
  ])
  func `a bad din line is refused with its number and the expected form`(line: String) {
    let error = message { _ = try read("0 1000\n\(line)\n", .din) }
    #expect(error.hasPrefix("t:2: expected '0|1|2 hexaddress [bytes]' (din), found '\(line)'"), "\(error)")
  }

  @Test(arguments: ["L 40,4 x", " L 40", " L 40,", " L ,4", " X 40,4", "= 40,4", " L 40,-1", " L 40,99999999999"])
  func `a bad lackey line is refused with its number and the expected form`(line: String) {
    let error = message { _ = try read(" L 40,4\n\(line)\n", .lackey) }
    #expect(error.hasPrefix("t:2: expected ' L|S|M hexaddress,bytes'"), "\(error)")
  }

  @Test func `a file larger than a chunk is read whole and in order`() throws {
    let count = 60_000
    let text = (0..<count).map { "0 \(String($0 * 64, radix: 16)) 8\n" }.joined()
    #expect(text.utf8.count > 2 << 18)
    let accesses = try read(text, .din)
    #expect(accesses.count == count)
    #expect(accesses.enumerated().allSatisfy { $1.address == UInt64($0 * 64) })
  }

  @Test func `a file without line ends is refused before it fills the memory`() {
    let error = message { _ = try read(String(repeating: "0", count: 1 << 20), .din) }
    #expect(error == "t:1: expected lines of text, found one that does not end")
  }

  @Test func `a missing or empty trace is an error that says so`() {
    #expect(message { _ = try TraceReader(path: "/nowhere.din") } == "/nowhere.din: no such file")
    #expect(message { _ = try read("\n\n", nil) }.contains("expected a trace"))
    #expect(message { _ = try read("", .din) }.contains("expected a trace"))
    #expect(message { _ = try read("==1== no request\n", .lackey) }.contains("expected a trace"))
  }
}
