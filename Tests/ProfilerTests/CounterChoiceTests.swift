import Support
import TestSupport
import Testing

@testable import Profiler

struct CounterChoiceTests {
  private func choose(_ asked: String, _ cpuinfo: String) throws -> CounterChoice {
    try FakeMachine(["proc/cpuinfo": cpuinfo]).read { try CounterChoice(asked, root: $0) }
  }

  private func x86(_ vendor: String, _ family: Int, _ model: Int) -> String {
    "vendor_id\t: \(vendor)\ncpu family\t: \(family)\nmodel\t\t: \(model)"
  }

  @Test(
    arguments: [
      ("GenuineIntel", 6, 0x55, "skx", ["imc-memory"]), ("GenuineIntel", 6, 0x6a, "icx", ["imc-memory"]),
      ("GenuineIntel", 6, 0x8f, "spr", ["imc-memory"]), ("GenuineIntel", 6, 0xcf, "spr", ["imc-memory"]),
      ("AuthenticAMD", 23, 0x31, "zen2", []),
      ("AuthenticAMD", 25, 0x01, "zen3", ["zen3-memory-high", "zen3-memory-low"]),
      ("AuthenticAMD", 25, 0x11, "zen4", ["zen4-memory"]), ("AuthenticAMD", 25, 0xa0, "zen4", ["zen4-memory"]),
      ("AuthenticAMD", 26, 0x02, "zen5", ["zen5-memory"]), ("AuthenticAMD", 26, 0x11, "zen5", ["zen5-memory"]),
    ] as [(String, Int, Int, String, [String])])
  func `a topic stands for the groups of the CPU that it is used on`(
    vendor: String, family: Int, model: Int, prefix: String, memory: [String]
  ) throws {
    let cpu = x86(vendor, family, model)
    for topic in ["cache", "tlb", "flops"] {
      let choice = try choose(topic, cpu)
      #expect(choice.groups.map(\.name) == ["\(prefix)-\(topic)"])
      #expect(choice.reason.contains("made for this CPU (\(vendor) family \(family) model \(model))"))
    }
    #expect(try choose("memory", cpu).groups.map(\.name) == memory)
    #expect(try choose("cycles", cpu).groups.map(\.name) == ["perf-cycles"])
  }

  @Test func `Neoverse cores have their own groups too`() throws {
    let grace = "CPU implementer\t: 0x41\nCPU part\t: 0xd4f"
    #expect(try choose("flops", grace).groups.map(\.name) == ["neoverse-v2-flops"])
    #expect(try choose("cache", grace).groups.map(\.name) == ["neoverse-cache"])
    #expect(
      try choose("flops", "CPU implementer\t: 0x41\nCPU part\t: 0xd0c").groups.map(\.name) == ["neoverse-n1-vector"])
  }

  @Test func `an unknown CPU gets the generic groups, and where there are none the reason`() throws {
    // Zen 6, and a client CPU.
    for cpu in [x86("AuthenticAMD", 26, 0x50), x86("GenuineIntel", 6, 0x9e)] {
      let cache = try choose("cache", cpu)
      #expect(cache.groups.map(\.name) == ["perf-cache"])
      #expect(cache.reason.contains("generic"))
      let memory = try choose("memory", cpu)
      #expect(memory.groups.isEmpty)
      #expect(memory.reason.contains("no group of this topic is for"))
    }
  }

  @Test func `a name stands for its group on any CPU`() throws {
    let choice = try choose("zen5-cache", x86("GenuineIntel", 6, 0x8f))
    #expect(choice.groups.map(\.name) == ["zen5-cache"])
    #expect(choice.reason == "named in the experiment")
    #expect(try choose("software", "").groups.map(\.name) == ["software"])
  }

  @Test func `an unknown name is an error that lists topics and groups`() throws {
    let error = try #require(throws: InputError.self) { try CounterChoice("chache") }
    #expect(error.message.contains("did you mean 'cache'?"))
    #expect(error.message.contains("flops, lines, memory"))
    #expect(error.message.contains("zen3-cache"))
  }

  @Test func `every group but that of software has a topic, and every topic but the generic ones' fits no CPU twice`()
    throws
  {
    let groups = try CounterGroup.all()
    for group in groups where group.name != "software" { #expect(group.topic != nil, "\(group.name)") }
    for group in groups where group.pmu != "perf" { #expect(group.cpu != nil, "\(group.name)") }
    #expect(try Set(CounterChoice.topics()) == ["cache", "cycles", "flops", "lines", "memory", "numa", "tlb"])
  }

  @Test func `a group for this CPU is counted although libpfm does not recognise the CPU`() throws {
    // libpfm 4.13 has Zen 4's table, but recognises only model 17.
    let cpu = x86("AuthenticAMD", 25, 0xa0)
    let group = try CounterGroup.load("zen4-flops")
    let known = try LibPFMBackend().encode(group.events[0], privilege: .user, cpuIsKnown: true)
    #expect(known.config == 0x1f03)
    try FakeMachine(["proc/cpuinfo": cpu]).read { root in
      let readings = CounterSession(group: group, root: root).measure {}.readings
      #expect(readings.allSatisfy { $0.reason?.contains("not this machine's PMU") != true })
    }
  }
}
