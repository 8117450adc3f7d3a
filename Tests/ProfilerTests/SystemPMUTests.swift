import Support
import TestSupport
import Testing

@testable import Profiler

/// Two sockets of four cores, with the memory controllers of a Sapphire Rapids (two channels per socket).
func twoSocketMachine() throws -> FakeMachine {
  var files: [String: String] = [
    "sys/devices/system/cpu/cpu0/topology/physical_package_id": "0",
    "sys/devices/system/cpu/cpu4/topology/physical_package_id": "1",
  ]
  files["proc/cpuinfo"] = "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143"
  for channel in 0..<2 {
    let directory = "sys/bus/event_source/devices/uncore_imc_\(channel)"
    files["\(directory)/type"] = "\(30 + channel)"
    files["\(directory)/cpumask"] = "0,4"
    files["\(directory)/format/event"] = "config:0-7"
    files["\(directory)/format/umask"] = "config:8-15"
    files["\(directory)/format/edge"] = "config:18"
    files["\(directory)/events/cas_count_read"] = "event=0x05,umask=0xcf"
    files["\(directory)/events/cas_count_read.scale"] = "6.103515625e-5"
    files["\(directory)/events/cas_count_write"] = "event=0x05,umask=0xf0"
  }
  files["sys/bus/event_source/devices/uncore_imc_free_running_0/type"] = "40"
  files["sys/bus/event_source/devices/uncore_imc_free_running_0/cpumask"] = "0,4"
  // A core PMU has no cpumask.
  files["sys/bus/event_source/devices/cpu/type"] = "4"
  return try FakeMachine(files)
}

struct SystemPMUTests {
  private func encode(_ event: String) throws -> EncodedEvent {
    let machine = try twoSocketMachine()
    let pmu = try #require(SystemPMU.all(root: machine.root).first { $0.name == "uncore_imc_1" })
    return try pmu.encode(event)
  }

  @Test func `PMUs with a cpumask are found, with their events but not their scales`() throws {
    let machine = try twoSocketMachine()
    let all = SystemPMU.all(root: machine.root)
    #expect(all.map(\.name) == ["uncore_imc_0", "uncore_imc_1", "uncore_imc_free_running_0"])
    #expect(all[1].type == 31)
    #expect(all[1].cpus == [0, 4])
    #expect(Set(all[1].events.keys) == ["cas_count_read", "cas_count_write"])
  }

  @Test func `a name stands for its numbered instances on every socket, and for nothing longer`() throws {
    let machine = try twoSocketMachine()
    let units = SystemPMU.units(of: "uncore_imc", root: machine.root)
    #expect(units.map(\.pmu.name) == ["uncore_imc_0", "uncore_imc_0", "uncore_imc_1", "uncore_imc_1"])
    #expect(units.map(\.cpu) == [0, 4, 0, 4])
    #expect(units.map(\.socket) == [0, 1, 0, 1])
    #expect(SystemPMU.units(of: "uncore", root: machine.root).isEmpty)
  }

  @Test(
    arguments: [
      ("uncore_imc/cas_count_read/", 0xcf05), ("uncore_imc/event=0x05,umask=0xf0/", 0xf005),
      ("uncore_imc/event=5,edge/", 0x40005), ("uncore_imc/config=0x1234/", 0x1234),
    ] as [(String, UInt64)])
  func `events are encoded from named events, fields and bare config words`(event: String, config: UInt64) throws {
    let encoded = try encode(event)
    #expect(encoded.config == config)
    #expect(encoded.type == 31)
    #expect(encoded.canonical.hasPrefix("uncore_imc_1/"))
    #expect(!encoded.attribute.isEmpty)
  }

  @Test(
    arguments: [
      ("uncore_imc/cas_count/", "cas_count_read"), ("uncore_imc/event=0x105/", "at most 8 bits"),
      ("uncore_imc/event=five/", "number"), ("uncore_imc", "pmu/terms/"),
    ])
  func `an invalid event is an error that says what was expected`(event: String, expected: String) throws {
    let error = try #require(throws: InputError.self) { try encode(event) }
    #expect(error.message.contains(expected), "\(error)")
  }

  @Test func `a field may lie in several ranges, the low bits first`() throws {
    // The event number of AMD's data fabric (Linux arch/x86/events/amd/uncore.c).
    let field = try #require(BitField("config:0-7,32-35,59-60"))
    var words: [UInt64] = [0, 0, 0]
    let stored = field.store(0x1107, in: &words)
    #expect(stored)
    #expect(words == [0x0800_0001_0000_0007, 0, 0])
    #expect(field.width == 14)
    #expect(BitField("config3:0-7") == nil)
    #expect(BitField("config:7-0") == nil)
    #expect(BitField("config") == nil)
  }

  @Test func `a two-socket Turin has twelve memory controllers a socket`() throws {
    let machine = try FakeMachine.counters(of: "turin-2s")
    let units = SystemPMU.units(of: "amd_umc", root: machine.root)
    #expect(units.count == 24)
    #expect(units.filter { $0.socket == 1 }.map(\.pmu.name) == (12..<24).map { "amd_umc_\($0)" })
    let group = try CounterGroup.load("zen5-memory")
    #expect(try group.events.map { try units[0].pmu.encode($0).config } == [0x10a, 0x20a])
    #expect(group.mismatch(root: machine.root) == nil)
  }

  @Test func `a Sapphire Rapids with four sub-NUMA clusters still counts by socket`() throws {
    let machine = try FakeMachine.counters(of: "sapphire-rapids-snc4")
    let units = SystemPMU.units(of: "uncore_imc", root: machine.root)
    #expect(units.count == 16)
    #expect(Set(units.map(\.socket)) == [0, 1])
    let group = try CounterGroup.load("imc-memory")
    #expect(try group.events.map { try units[0].pmu.encode($0).config } == [0xcf05, 0xf005])
  }

  @Test func `Zen 3's data fabric events take the field's upper ranges`() throws {
    var files: [String: String] = [:]
    let directory = "sys/bus/event_source/devices/amd_df"
    files["\(directory)/type"] = "14"
    files["\(directory)/cpumask"] = "0-1"
    files["\(directory)/format/event"] = "config:0-7,32-35,59-60"
    files["\(directory)/format/umask"] = "config:8-15"
    let machine = try FakeMachine(files)
    let unit = try #require(SystemPMU.units(of: "amd_df", root: machine.root).first)
    let group = try CounterGroup.load("zen3-memory-high")
    #expect(
      try group.events.map { try unit.pmu.encode($0).config } == [0x07, 0x47, 0x87, 0xc7].map { $0 | 0x1_0000_3800 })
  }
}
