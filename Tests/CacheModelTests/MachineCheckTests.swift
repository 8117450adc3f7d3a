import Foundation
import Support
import Testing

@testable import Machines

@Suite struct MachineCheckTests {
  private let sound = """
    schema: lookahead/machine/1
    name: test
    cores: 8
    frequency_ghz: 3
    simd: {isa: avx512, width_bits: 512, fma_units: 2}
    caches:
      - {name: L1, size: 48KiB, ways: 12, latency_cycles: 5, bytes_per_cycle: 128}
      - {name: L2, size: 1MiB, ways: 16, latency_cycles: 14, bytes_per_cycle: 64}
      - {name: L3, size: 16MiB, ways: 16, shared_by: 8, latency_cycles: 50, bytes_per_cycle: 24}
    transfers_overlap: true
    memory:
      - {name: ddr5, channels: 2, transfer_mts: 4800, peak_gbps: 76.8, idle_latency_ns: 100,
         lines_in_flight_per_core: 32, curve: [{read_ratio: 1, points: [[0, 100], [60, 200]]}]}
    numa: {nodes: 2, remote_latency_ns: 190, link_gbps: 40}
    provenance:
      caches: {tag: vendor, source: manual}
    """

  private func problems(_ changes: (String, String)...) throws -> [InputError] {
    var text = sound
    for (old, new) in changes {
      #expect(text.contains(old), "'\(old)' is not in the file")
      text = text.replacingOccurrences(of: old, with: new)
    }
    return try MachineCheck(text: text, file: "m.yaml").problems
  }

  @Test func `a sound machine has no problems`() throws {
    #expect(try problems().isEmpty)
    #expect(try MachineCheck(text: sound, file: "m.yaml").machine?.name == "test")
  }

  @Test(arguments: [
    ("latency_cycles: 14", "latency_cycles: 4", "caches[1].latency_cycles"),
    ("bytes_per_cycle: 24", "bytes_per_cycle: 100", "caches[2].bytes_per_cycle"),
    ("size: 1MiB, ways: 16", "size: 48KiB, ways: 12", "caches[1].size"),
    ("idle_latency_ns: 100", "idle_latency_ns: 16", "memory[0].idle_latency_ns"),
    ("points: [[0, 100]", "points: [[0, 80]", "memory[0].curve[0]"),
    ("remote_latency_ns: 190", "remote_latency_ns: 90", "numa.remote_latency_ns"),
    ("caches: {tag", "\"caches[3].size\": {tag", "provenance.caches[3].size"),
    ("peak_gbps: 76.8", "peak_gbps: 80", "memory[0].peak_gbps"),
    ("[60, 200]", "[60, 90]", "memory[0].curve[0].points"),
    ("cores: 8", "cores: eight", "cores"),
    ("cores: 8", "cores: 8\neffective_cores: 9", "effective_cores"),
    ("frequency_ghz: 3", "frequency_ghz: 3000", "frequency_ghz"),
    ("size: 16MiB", "size: 16MB", "caches[2].size"),
    ("transfers_overlap: true", "transfer_overlap: true", "transfer_overlap"),
  ]) func `a false figure is one line with file and key`(old: String, new: String, key: String) throws {
    let found = try problems((old, new))
    #expect(found.map(\.key) == [key])
    #expect(found.allSatisfy { $0.file == "m.yaml" && "\($0)".hasPrefix("m.yaml:") && !"\($0)".contains("\n") })
  }

  @Test func `all of several mistakes are reported`() throws {
    let found = try problems(
      ("peak_gbps: 76.8", "peak_gbps: 80"), ("size: 16MiB", "size: 17"), ("fma_units: 2", "fma_units: 0"))
    #expect(Set(found.map(\.key)) == ["memory[0].peak_gbps", "caches[2].size", "simd.fma_units"])
  }

  @Test func `problems of one section hide none of another, and two of one level are two`() throws {
    let found = try problems(
      ("frequency_ghz: 3", "frequency_ghz: 3000"),
      ("transfers_overlap: true", "transfers_overlap: perhaps\noverlap: 2"),
      ("cores: 8", "cores: 8\neffective_cores: 9000"),
      ("latency_cycles: 14, bytes", "latency_cycles: 0, ways: 0, bytes"),
      ("size: 1MiB, ways: 16", "size: 1MiB"), ("remote_latency_ns: 190", "remote_latency_ns: 90"),
      ("caches: {tag: vendor, source: manual}", "caches: {tag: rumour}\n  nowhere: {tag: vendor, source: s}"))
    #expect(
      found.map(\.key) == [
        "effective_cores", "frequency_ghz", "caches[1].ways", "caches[1].latency_cycles", "transfers_overlap",
        "overlap",
        "provenance.caches.tag", "numa.remote_latency_ns", "provenance.nowhere",
      ])
  }

  @Test func `a figure that is wrong by itself proves nothing against another`() throws {
    // Without the range check, the third level's latency would be less than the second's.
    let found = try problems(("latency_cycles: 50", "latency_cycles: 0"))
    #expect(found.map(\.key) == ["caches[2].latency_cycles"])
    let sizes = try problems(("size: 48KiB, ways: 12", "size: 48KB, ways: 12"))
    #expect(sizes.map(\.key) == ["caches[0].size"])
  }

  @Test func `every unknown key is reported, with the nearest known one`() throws {
    let found = try problems(("cores: 8", "kores: 8"), ("fma_units: 2", "fma_units: 2, widht_bits: 512"))
    #expect(found.map(\.key) == ["kores", "simd.widht_bits"])
    #expect(found.allSatisfy { $0.message.contains("did you mean") })
  }

  @Test func `every machine of the catalogue is free of problems`() throws {
    let catalogue = try MachineCatalogue.bundled()
    for name in try catalogue.names() {
      let check = try MachineCheck(contentsOf: "\(catalogue.folder)/\(name).yaml")
      #expect(check.problems.isEmpty, "\(check.problems)")
    }
  }
}
