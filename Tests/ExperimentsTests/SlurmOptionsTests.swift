import Foundation
import Support
import Testing

@testable import Cluster

@Suite struct SlurmOptionsTests {
  @Test func `options become one argument each`() throws {
    let options = try SlurmOptions(
      partition: "bench,long", account: "hpc-7", qualityOfService: "high", constraint: "zen4&[rack1|rack2]",
      nodes: "n[1-3,7]", memory: "1.5GiB", time: "1-12:30", atOnce: 4)
    #expect(
      options.arguments == [
        "--partition=bench,long", "--account=hpc-7", "--qos=high", "--constraint=zen4&[rack1|rack2]",
        "--nodelist=n[1-3,7]", "--mem=1536M", "--time=1-12:30",
      ])
  }

  @Test func `a task has all memory of its node unless it is told otherwise`() throws {
    #expect(try SlurmOptions().arguments == ["--mem=0"])
  }

  @Test(arguments: [
    "", "-x", "--help", "a b", "a\nb", "$(touch x)", "`id`", "a;b", "a\"b", "a'b", "a\\b", "a%b", "größe", "a\u{0}b",
  ])
  func `what Slurm or a shell could read otherwise is refused`(value: String) {
    #expect(throws: InputError.self) { try SlurmOptions(partition: value) }
    #expect(throws: InputError.self) { try SlurmOptions(account: value) }
    #expect(throws: InputError.self) { try SlurmOptions(qualityOfService: value) }
    #expect(throws: InputError.self) { try SlurmOptions(constraint: value) }
    #expect(throws: InputError.self) { try SlurmOptions(nodes: value) }
  }

  @Test func `a list of nodes that Slurm would take for a file is refused`() {
    #expect(throws: InputError.self) { try SlurmOptions(nodes: "/etc/hosts") }
  }

  @Test(arguments: [("0", nil), ("1023KiB", nil), ("lots", nil), ("-1GiB", nil), ("1MiB", "1M"), ("3000000", "3M")])
  func `memory is a size of whole mebibytes`(text: String, expected: String?) throws {
    guard let expected else {
      #expect(throws: InputError.self) { try SlurmOptions(memory: text) }
      return
    }
    #expect(try SlurmOptions(memory: text).arguments == ["--mem=\(expected)"])
  }

  @Test(arguments: [
    ("90", 5400), ("10:30", 630), ("1:30:00", 5400), ("2-12", 216_000), ("1-2:30", 95_400), ("1-0:0:1", 86_401),
  ])
  func `time limits read as Slurm reads them`(text: String, seconds: Double) throws {
    #expect(try SlurmTime(argument: text).seconds == seconds)
  }

  @Test(arguments: [
    "", "0", "0:00", "-5", "1:2:3:4", "1-2:3:4:5", "1-", "-", "1-2-3", "1h", "1:", ":1", "٣", "99999999",
  ])
  func `what is no time limit is refused`(text: String) {
    #expect(throws: InputError.self) { try SlurmTime(argument: text) }
  }

  @Test func `at least one task at once`() {
    #expect(throws: InputError.self) { try SlurmOptions(atOnce: 0) }
  }

  @Test func `options survive their file`() throws {
    let options = try SlurmOptions(partition: "p", memory: "2GiB", time: "10", atOnce: 3)
    #expect(try JSONDecoder().decode(SlurmOptions.self, from: JSONEncoder().encode(options)) == options)
  }
}
