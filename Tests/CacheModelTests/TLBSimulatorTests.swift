import Foundation
import Testing

@testable import AccessStreams
@testable import Machines
@testable import Simulation

@Suite struct TLBSimulatorTests {
  private let small = [TLBDescription(name: "L1", entries: 2, ways: 2, pageBytes: [4096, 2 << 20])]
  private let second = TLBDescription(name: "L2", entries: 8, ways: 4, pageBytes: [4096])

  private func play(_ simulator: TLBSimulator, _ addresses: UInt64..., bytes: UInt32 = 8, core: UInt16 = 0) {
    addresses.map { Access(address: $0, bytes: bytes, core: core, kind: .read) }.withUnsafeBufferPointer {
      simulator.consume($0)
    }
  }

  @Test func `accesses to one page walk once`() throws {
    let tlb = try TLBSimulator(small, pageBytes: 4096)
    play(tlb, 0, 64, 4095 - 8)
    #expect(tlb.levels == [TLBSimulator.LevelCounts(name: "L1", accesses: 3, misses: 1)])
    #expect(tlb.walks == 1)
  }

  @Test func `the page used longest ago is displaced`() throws {
    let tlb = try TLBSimulator(small, pageBytes: 4096)
    play(tlb, 0, 4096, 0, 8192, 0, 4096)
    #expect(tlb.walks == 4, "8192 displaced 4096, not 0")
  }

  @Test func `a second level hits pages that the first has displaced`() throws {
    let tlb = try TLBSimulator(small + [second], pageBytes: 4096)
    play(tlb, 0, 4096, 8192, 0)
    #expect(tlb.levels.map(\.misses) == [4, 3])
    #expect(tlb.walks == 3)
  }

  @Test func `an access counts once per line and belongs to each page it touches`() throws {
    let tlb = try TLBSimulator(small, pageBytes: 4096)
    play(tlb, 4096 - 64, bytes: 192)
    #expect(tlb.levels.map(\.accesses) == [3])
    #expect(tlb.walks == 2)
  }

  @Test func `large pages reach further, where a level takes them`() throws {
    let tlb = try TLBSimulator(small + [second], pageBytes: 2 << 20)
    play(tlb, 0, 4096, 1 << 20)
    #expect(tlb.walks == 1)
    #expect(tlb.levels.map(\.name) == ["L1"], "the second level takes no 2 MiB pages")
    #expect(
      message { _ = try TLBSimulator([second], pageBytes: 1 << 30) }
        == "tlb: expected a level that takes pages of 1GiB, found none")
  }

  @Test func `every core has its own TLB`() throws {
    let tlb = try TLBSimulator(small, pageBytes: 4096, cores: 2)
    play(tlb, 0, core: 0)
    play(tlb, 0, core: 1)
    #expect(tlb.walks == 2)
  }

  @Test func `a machine file describes the TLB, and writes it back`() throws {
    let text = """
      caches: [{name: L1, size: 32KiB, ways: 8}]
      tlb:
        - {name: L1, entries: 64, ways: 64, pages: [4KiB, 2MiB, 1GiB]}
        - {name: L2, entries: 2048, ways: 8, pages: [4KiB, 2MiB]}

      """
    let machine = try Machine(text: text, file: "m.yaml")
    #expect(machine.tlb.map(\.entries) == [64, 2048])
    #expect(machine.tlb[1].pageBytes == [4096, 2 << 20])
    #expect(try Machine(text: machine.yaml(), file: "m.yaml") == machine)
    #expect(
      message { _ = try Machine(text: text.replacingOccurrences(of: "4KiB, 2MiB]", with: "3KiB]"), file: "m.yaml") }
        .contains("expected a page size"))
    #expect(
      message { _ = try Machine(text: text.replacingOccurrences(of: "2048", with: "2047"), file: "m.yaml") }
        .contains("expected a multiple of 8 ways"))
  }
}
