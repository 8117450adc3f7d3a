import Foundation
import Support
import Testing

@testable import Machines

@Suite struct MachineTests {
  private let full = """
    schema: lookahead/machine/1
    name: test
    description: "two: words"
    sources: [a paper]
    cores: 8
    frequency_ghz: 3.5
    simd: {isa: avx512, width_bits: 512, fma_units: 2}
    caches:
      - {name: L1, size: 48KiB, ways: 12, line: 64, shared_by: 1, latency_cycles: 5, bytes_per_cycle: 128, policy: plru}
      - {name: L2, size: 1.25MiB, ways: 20, latency_cycles: 14, bytes_per_cycle: 64, inclusion: inclusive}
      - {name: L3, size: 16MiB, ways: 16, shared_by: 8, latency_cycles: 50, bytes_per_cycle: 24, inclusion: victim,
         policy: srrip, write_policy: write-back}
    transfers_overlap: true
    memory:
      - name: ddr5
        channels: 2
        transfer_mts: 4800
        peak_gbps: 76.8
        idle_latency_ns: 100.5
        lines_in_flight_per_core: 32
        curve:
          - {read_ratio: 1, points: [[0, 100.5], [60, 200]]}
      - {name: hbm, channels: 32, transfer_mts: 3200, channel_bytes: 16, peak_gbps: 1638.4, idle_latency_ns: 129,
         lines_in_flight_per_core: 32}
    numa: {nodes: 2, remote_latency_ns: 190, link_gbps: 40}
    provenance:
      caches[0].latency_cycles: {tag: measured, source: "pointer \\"chase\\""}
      caches: {tag: vendor, source: manual}
    """

  private func errorAfter(replacing old: String, with new: String) -> String {
    let text = full.replacingOccurrences(of: old, with: new)
    return text == full ? "'\(old)' is not in the file" : message { _ = try Machine(text: text, file: "m.yaml") }
  }

  @Test func `every key of a full file is read`() throws {
    let machine = try Machine(text: full, file: "m.yaml")
    #expect(machine.cores == 8 && machine.frequencyGHz == 3.5 && machine.transfersOverlap == true)
    #expect(machine.simd == VectorUnits(isa: "avx512", widthBits: 512, fmaUnits: 2))
    #expect(machine.caches.map(\.sizeBytes) == [49152, 1_310_720, 16_777_216])
    #expect(machine.caches.map(\.sets) == [64, 1024, 16384])
    #expect(machine.caches.map(\.policy) == [.plru, .lru, .srrip])
    #expect(machine.caches.map(\.inclusion) == [.nine, .inclusive, .victim])
    #expect(machine.memory[0].curve[0].points[1].nanoseconds == 200)
    #expect(machine.memory[1].channelBytes == 16)
    #expect(machine.numa?.linkGigabytesPerSecond == 40)
    #expect(machine.keysMissingForProjection.isEmpty)
  }

  @Test func `a machine written as YAML reads back equal`() throws {
    let machine = try Machine(text: full, file: "m.yaml")
    #expect(try Machine(text: machine.yaml(), file: "m.yaml") == machine)
    let odd = Machine(
      name: "yes", description: "tab\t \"quote\" \\ ü: #", sources: ["- dash", ""],
      caches: [cache(sets: 3, ways: 5)], provenance: ["caches[0].size": Provenance(tag: .press, source: "l\nm")])
    #expect(try Machine(text: odd.yaml(), file: "m.yaml") == odd)
  }

  @Test func `rates of rows in pieces may be stated, for a memory only beside those of whole rows`() throws {
    let text = """
      caches:
        - {size: 32KiB, ways: 8, random_row_pieces: [[64, 8], [256, 16.5]]}
      memory:
        - {name: m, peak_gbps: 40, idle_latency_ns: 100, lines_in_flight_per_core: 30, random_rows: [[512, 8]],
           random_row_pieces: [[64, 6], [256, 10.5]]}
      provenance:
        "caches[0].random_row_pieces": {tag: measured, source: s}
        "memory[0].random_row_pieces": {tag: measured, source: s}

      """
    let check = try MachineCheck(text: text, file: "m.yaml")
    #expect(check.problems.isEmpty, "\(check.problems)")
    let machine = try #require(check.machine)
    #expect(machine.caches[0].randomRowPieces.map(\.rate) == [8, 16.5])
    #expect(machine.memory[0].randomRowPieces.map(\.rowBytes) == [64, 256])
    #expect(try Machine(text: machine.yaml(), file: "m.yaml") == machine)
    let alone = text.replacingOccurrences(of: " random_rows: [[512, 8]],", with: "")
    let problems = try MachineCheck(text: alone, file: "m.yaml").problems
    #expect(problems.contains { "\($0)".contains("expected random_rows beside it") }, "\(problems)")
  }

  @Test func `rates of stores and random lines may be stated, and are checked like all figures`() throws {
    let text = """
      caches:
        - {size: 32KiB, ways: 8, write_bytes_per_cycle: 20.5}
      memory:
        - {name: m, peak_gbps: 40, idle_latency_ns: 100, lines_in_flight_per_core: 30,
           random_lines_in_flight_per_core: 22.5, write_gbps_per_core: 9.5, stream_store_gbps_per_core: 14}
      provenance:
        "caches[0].write_bytes_per_cycle": {tag: measured, source: s}
        "memory[0].random_lines_in_flight_per_core": {tag: measured, source: s}
        "memory[0].write_gbps_per_core": {tag: measured, source: s}
        "memory[0].stream_store_gbps_per_core": {tag: measured, source: s}

      """
    let check = try MachineCheck(text: text, file: "m.yaml")
    #expect(check.problems.isEmpty, "\(check.problems)")
    let machine = try #require(check.machine)
    #expect(machine.caches[0].writeBytesPerCycle == 20.5)
    #expect(machine.memory[0].randomLinesInFlightPerCore == 22.5)
    #expect(machine.memory[0].writeGigabytesPerSecondPerCore == 9.5)
    #expect(machine.memory[0].streamStoreGigabytesPerSecondPerCore == 14)
    #expect(try Machine(text: machine.yaml(), file: "m.yaml") == machine)
    // Without the figures, their provenance names keys that do not exist.
    let without = text.replacingOccurrences(of: ", write_bytes_per_cycle: 20.5", with: "")
    #expect(try MachineCheck(text: without, file: "m.yaml").problems.count == 1)
  }

  @Test func `caches alone are a machine, which names the keys that a projection needs`() throws {
    let machine = try Machine(text: "caches:\n  - {size: 32KiB, ways: 8}\n", file: "folder/small.yaml")
    #expect(machine.name == "small")
    #expect(machine.caches == [CacheDescription(name: "L1", sizeBytes: 32768, ways: 8)])
    #expect(machine.keysMissingForProjection.contains("caches[0].latency_cycles"))
    #expect(machine.keysMissingForProjection.contains("memory"))
  }

  @Test func `an unknown key names its line and the nearest known key`() {
    let error = errorAfter(replacing: "frequency_ghz: 3.5", with: "frequency_gzh: 3.5")
    #expect(error.hasPrefix("m.yaml:6: frequency_gzh: unknown key; did you mean 'frequency_ghz'?"))
  }

  @Test(arguments: [
    ("lookahead/machine/1", "lookahead/machine/2", "m.yaml:1: schema: expected lookahead/machine/1"),
    ("48KiB", "50KiB", "m.yaml:9: caches[0].size: expected a multiple of 12 ways x 64 bytes = 768"),
    ("48KiB", "48kb", "caches[0].size: expected a size such as 48KiB"),
    ("1.25MiB", "20KiB", "caches[1].size: expected at least the 48KiB of L1"),
    ("shared_by: 8", "shared_by: 9", "caches[2].shared_by: expected at most the 8 cores of the machine, found 9"),
    ("policy: plru", "policy: mru", "caches[0].policy: expected one of lru, fifo, plru"),
    ("inclusion: inclusive", "inclusion: exclusive", "expected one of nine, inclusive, victim, found 'exclusive'"),
    ("policy: plru", "inclusion: victim", "caches[0].inclusion: expected nine for the first level"),
    ("write_policy: write-back", "write_policy: write-through", "caches[2].write_policy: expected write-back"),
    ("peak_gbps: 76.8", "peak_gbps: 90", "memory[0].peak_gbps: expected channels x transfer_mts x 8 bytes = 76.8 GB/s"),
    ("[60, 200]", "[90, 200]", "memory[0]: expected a curve below the peak of 76.8 GB/s"),
    ("[60, 200]", "[60, 90]", "memory[0].curve[0].points: expected rising GB/s and latencies that do not fall"),
    ("width_bits: 512", "width_bits: 500", "simd.width_bits: expected a multiple of 32 bits"),
    ("frequency_ghz: 3.5", "frequency_ghz: 3500", "frequency_ghz: expected 0.1 to 10.0, found 3500"),
    ("tag: vendor", "tag: rumour", "expected one of measured, vendor, press, assumed, found 'rumour'"),
    ("ways: 20", "ways: 0", "caches[1].ways: expected 1 to 65536, found 0"),
    ("name: L2", "name: L1", "expected each cache name once, found 'L1' twice"),
  ])
  func `a wrong value names its key and what was expected`(old: String, new: String, expected: String) {
    let error = errorAfter(replacing: old, with: new)
    #expect(error.contains(expected), "\(error)")
  }

  @Test func `a figure without provenance takes that of its nearest enclosing path, or is assumed`() throws {
    let machine = try Machine(text: full, file: "m.yaml")
    #expect(machine.tag(of: "caches[0].latency_cycles") == .measured)
    #expect(machine.tag(of: "caches[1].latency_cycles") == .vendor)
    #expect(machine.tag(of: "memory[0].peak_gbps") == .assumed)
  }

  @Test func `JSON has the file's keys, with sizes in bytes`() throws {
    let data = try JSONEncoder().encode(Machine(text: full, file: "m.yaml"))
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let caches = try #require(object["caches"] as? [[String: Any]])
    #expect(caches[1]["size"] as? Int == 1_310_720)
    #expect(caches[2]["inclusion"] as? String == "victim")
    #expect(object["frequency_ghz"] as? Double == 3.5)
  }
}
