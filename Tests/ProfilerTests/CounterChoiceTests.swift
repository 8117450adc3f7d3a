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

  @Test
  func
    `every group but software's and valgrind's has a topic, and every topic but the generic ones' fits no CPU twice`()
    throws
  {
    let groups = try CounterGroup.all()
    for group in groups where !["software", Valgrind.group].contains(group.name) {
      #expect(group.topic != nil, "\(group.name)")
    }
    for group in groups where !["perf", Valgrind.pmu].contains(group.pmu) { #expect(group.cpu != nil, "\(group.name)") }
    #expect(try Set(CounterChoice.topics()) == ["cache", "cycles", "flops", "lines", "memory", "numa", "tlb"])
  }

  private let zen3 = "vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 1"

  private func chosen(_ scripts: [String: SyntheticBackend.Script], valgrind: () throws -> Valgrind) throws
    -> [CounterChoice]
  {
    try FakeMachine(["proc/cpuinfo": zen3]).read {
      try CounterChoice.chosenByMachine(root: $0, backend: SyntheticBackend(scripts), valgrind: valgrind)
    }
  }

  private let counting = SyntheticBackend.Script.advances(CounterCounts(raw: 9, enabledNs: 10, runningNs: 10))

  @Test func `auto takes every topic that the CPU counts, and leaves valgrind alone`() throws {
    let choices = try chosen(
      [
        "perf::CYCLES": counting, "perf::INSTRUCTIONS": counting,
        "amd64_fam19h_zen3::LS_DISPATCH:LD_DISPATCH": counting,
      ]
    ) { Valgrind(executable: "/usr/bin/valgrind") }
    let groups = choices.flatMap(\.groups).map(\.name)
    #expect(groups == ["software", "zen3-cache", "perf-cycles"])
    // What is left out says why.
    let flops = try #require(choices.first { $0.asked == "flops" })
    #expect(flops.groups.isEmpty)
    #expect(
      flops.reason.hasPrefix("auto: made for this CPU") && flops.reason.contains("left out what is not counted here"))
  }

  @Test func `auto takes valgrind where there are no hardware counters, or only such as read 0`() throws {
    let zero = SyntheticBackend.Script.advances(CounterCounts(raw: 0, enabledNs: 10, runningNs: 10))
    for scripts in [[:], ["perf::CYCLES": zero, "perf::INSTRUCTIONS": zero]] as [[String: SyntheticBackend.Script]] {
      let choices = try chosen(scripts) { Valgrind(executable: "/usr/bin/valgrind") }
      #expect(choices.map(\.asked) == ["software", "auto"])
      #expect(choices[1].groups.map(\.name) == ["valgrind"])
      #expect(choices[1].reason.hasPrefix("no hardware counters ("))
    }
  }

  @Test func `auto without counters and without valgrind says both`() throws {
    let choices = try chosen([:]) { throw NotAvailable(key: "valgrind", "expected the command, found none") }
    #expect(choices.flatMap(\.groups).map(\.name) == ["software"])
    #expect(choices[1].reason.contains("no hardware counters ("))
    #expect(choices[1].reason.contains("no valgrind: expected the command, found none"))
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
