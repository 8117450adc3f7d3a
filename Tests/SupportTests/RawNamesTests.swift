import Testing

@testable import Support

@Suite struct RawNamesTests {
  private let latin1: [UInt8] = Array("mess".utf8) + [0xfc] + Array("ng.din".utf8)

  private func decoded(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test func `a name that is not UTF-8 gets the bytes of the argument that it came from`() throws {
    let names = RawNames(arguments: [Array("mrc".utf8), latin1])
    #expect(try names.bytes(of: decoded(latin1)) == latin1)
    #expect(try names.bytes(of: "plain.din") == Array("plain.din".utf8))
  }

  @Test func `so does a name behind an option's sign, and a file beside the one that was named`() throws {
    let folder: [UInt8] = [0xe9, 0x74, 0xe9]
    let names = RawNames(arguments: [Array("--trace=".utf8) + folder + Array("/a.din".utf8)])
    #expect(try names.bytes(of: decoded(folder) + "/b.yaml") == folder + Array("/b.yaml".utf8))
  }

  @Test func `a folder that the process works in gets its bytes`() throws {
    let names = RawNames(arguments: [], workingDirectory: Array("/home/".utf8) + [0xfc])
    #expect(try names.bytes(of: "/home/\u{FFFD}/x") == Array("/home/".utf8) + [0xfc] + Array("/x".utf8))
  }

  @Test func `two names that decode alike are refused, and a name that holds the replacement character itself is kept`()
    throws
  {
    let names = RawNames(arguments: [[0x61, 0xfc], [0x61, 0xfd]])
    #expect(throws: InputError.self) { try names.bytes(of: "a\u{FFFD}") }
    #expect(try names.bytes(of: "b\u{FFFD}") == Array("b\u{FFFD}".utf8))
  }
}
