import Foundation
import Support
import Testing

@testable import Machines

@Suite struct DonorMachineTests {
  private func machine(_ text: String) throws -> Machine {
    try Machine(text: "name: derived\n" + text, file: "nowhere/derived.yaml")
  }

  @Test func `a machine that states nothing of its own is its donor under another name`() throws {
    var donor = try MachineCatalogue.bundled().machine("epyc-9755")
    donor.name = "derived"
    donor.description = ""
    #expect(try machine("based_on: epyc-9755") == donor)
  }

  @Test func `caches are overridden by name and key, the rest is the donor's`() throws {
    let donor = try MachineCatalogue.bundled().machine("epyc-9755")
    let derived = try machine(
      """
      based_on: epyc-9755
      caches: [{name: L2, size: 4MiB, latency_cycles: 19}]
      provenance: {"caches[1].size": {tag: assumed, source: what if}}
      """)
    var expected = donor.caches
    expected[1].sizeBytes = 4 << 20
    expected[1].latencyCycles = 19
    #expect(derived.caches == expected)
    #expect(derived.memory == donor.memory && derived.cores == donor.cores)
    #expect(derived.provenance["caches[1].size"]?.source == "what if")
    #expect(derived.provenance["cores"] == donor.provenance["cores"])
  }

  @Test func `another memory does not inherit the sources of the donor's`() throws {
    let derived = try machine(
      """
      based_on: epyc-9755
      memory: [{name: m, peak_gbps: 1000, idle_latency_ns: 150, lines_in_flight_per_core: 50}]
      """)
    #expect(derived.memory.map(\.name) == ["m"])
    #expect(!derived.provenance.keys.contains { $0.hasPrefix("memory") })
  }

  @Test func `a donor's curve keeps its shape at another peak and idle latency`() throws {
    let donor = try MachineCatalogue.bundled().machine("xeon-6980p").memory[0]
    let derived = try machine(
      """
      based_on: epyc-9755
      memory:
        - {name: m, peak_gbps: 1689.6, idle_latency_ns: 100, lines_in_flight_per_core: 50,
           curve_from: {machine: xeon-6980p, memory: mrdimm-8800}}
      """
    ).memory[0]
    for (curve, original) in zip(derived.curve, donor.curve) {
      for (point, source) in zip(curve.points, original.points) {
        #expect(abs(point.gigabytesPerSecond - 2 * source.gigabytesPerSecond) < 1e-9)
        #expect(abs(point.nanoseconds - source.nanoseconds + 12.5) < 1e-9)
      }
    }
    #expect(derived.curve.count == donor.curve.count)
  }

  @Test(arguments: [
    ("based_on: epyc-9756", "based_on: expected a machine of the catalogue"),
    ("based_on: derived", "not based on itself"),
    ("based_on: epyc-9755\ncaches: [{name: L4, size: 1GiB}]", "expected a cache of the donor (L1, L2, L3), found 'L4'"),
    ("based_on: epyc-9755\ncores: 4", "expected at most the 4 cores of the machine, found 8"),
    (
      "based_on: epyc-9755\nmemory: [{name: m, peak_gbps: 1, idle_latency_ns: 99, lines_in_flight_per_core: 1, "
        + "curve_from: {machine: epyc-9755, memory: ddr5-6400}}]",
      "expected a memory with a curve"
    ),
  ]) func `a donor that cannot be is one line`(text: String, expected: String) {
    let error = message { _ = try machine(text) }
    #expect(error.contains(expected), "\(error)")
    #expect(error.hasPrefix("nowhere/derived.yaml:") && !error.contains("\n"), "\(error)")
  }

  @Test func `two machines that are based on each other are refused`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, donor) in [("a", "b"), ("b", "a")] {
      try Data("based_on: \(donor)\n".utf8).write(to: folder.appendingPathComponent("\(name).yaml"))
    }
    let error = message { _ = try Machine(contentsOf: folder.appendingPathComponent("a.yaml").path) }
    #expect(error.contains("a <- b <- a"), "\(error)")
  }
}
