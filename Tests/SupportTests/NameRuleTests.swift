import Foundation
import Support
import Testing

@Suite struct NameRuleTests {
  @Test(arguments: ["quick", "a b", "測試", "BF16_x.1", "x=1,y", String(repeating: "n", count: 100)])
  func `an experiment's name may contain what a file's name may`(name: String) {
    #expect(NameRule.fileName.problem(with: name) == nil)
    #expect(NameRule.title.problem(with: name) == nil)
  }

  @Test(arguments: ["../up", "a/b", ".", "..", ".hidden", "-rf"])
  func `a path or a name that looks like an option is not an experiment's name`(name: String) throws {
    let problem = try #require(NameRule.fileName.problem(with: name))
    #expect(problem.hasSuffix("found '\(name)'"), "\(problem)")
    #expect(NameRule.title.problem(with: name) == nil)
  }

  @Test(arguments: [
    "", " a", "a ", "a\nb", "a\r\nb", "a\u{1B}[0m", "a\u{202E}b", "a\u{2028}b", "a\u{7F}",
    String(repeating: "n", count: 101), String(repeating: "測", count: 34), "a\0b",
  ])
  func `control characters, spaces at the ends and excessive length are refused in names`(name: String) throws {
    for rule in [NameRule.title, .fileName] {
      let problem = try #require(rule.problem(with: name))
      #expect(!problem.unicodeScalars.contains { $0.isUnprintable } && problem.utf8.count < 300, "\(problem)")
    }
  }

  @Test func `a bad name in a file is an error at its key`() throws {
    let value = try YAMLValue(text: "a: 1\nname: ../up\n", file: "f.yaml").object().required("name")
    #expect(throws: InputError.self) { try value.name(.fileName) }
    do { _ = try value.name(.fileName) } catch {
      #expect("\(error)".hasPrefix("f.yaml:2: name: expected a name of 1 to 100 bytes"))
    }
  }
}

@Suite struct PlainReasonTests {
  private func failure(_ body: () throws -> Void) -> Error {
    do { try body() } catch { return error }
    return InputError("nothing failed")
  }

  @Test func `an error of Foundation is reported in the system's words, with the file`() throws {
    let directory = FileManager.default.temporaryDirectory.path
    let long = "\(directory)/" + String(repeating: "n", count: 300)
    let failures: [(Error, String)] = [
      (failure { try Data("x".utf8).write(to: URL(fileURLWithPath: long)) }, "File name too long"),
      (failure { try Data("x".utf8).write(to: URL(fileURLWithPath: "/dev/full")) }, "No space left on device"),
      (
        failure { try FileManager.default.createDirectory(atPath: "/dev/null/a", withIntermediateDirectories: true) },
        "Not a directory"
      ),
      (
        failure { _ = try FileManager.default.contentsOfDirectory(atPath: "\(directory)/none") },
        "No such file or directory"
      ),
      (failure { try FileManager.default.removeItem(atPath: "\(directory)/none") }, "No such file or directory"),
    ]
    for (error, expected) in failures {
      #expect(plainReason(error) == expected)
      #expect(
        plainMessage(error).hasSuffix(": \(expected)") && plainMessage(error).hasPrefix("/"), "\(plainMessage(error))")
      #expect(!plainMessage(error).contains("Domain"))
    }
  }

  @Test func `other errors are reported in their own words`() {
    #expect(plainMessage(InputError(file: "f", "bad")) == "f: bad")
  }
}
