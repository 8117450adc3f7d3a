import Foundation
import InputFiles
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

  @Test func `din lines are reads and writes of 4 bytes unless they say otherwise`() throws {
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

  @Test func `the first line tells the format`() throws {
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

  @Test func `a missing or empty trace is said so`() {
    #expect(message { _ = try TraceReader(path: "/nowhere.din") } == "/nowhere.din: no such file")
    #expect(message { _ = try read("\n\n", nil) }.contains("expected a trace"))
  }
}
