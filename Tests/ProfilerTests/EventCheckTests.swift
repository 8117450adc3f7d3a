import Support
import TestSupport
import Testing

@testable import Profiler

struct EventCheckTests {
  private func group(_ lines: [String]) throws -> CounterGroup {
    let text = (["name: a", "description: b"] + lines).joined(separator: "\n")
    return try CounterGroup(yaml: YAMLValue(text: text, file: "group.yaml"))
  }

  private func verdict(_ lines: String...) throws -> EventCheck {
    try #require(EventCheck.check(group(lines)).first)
  }

  @Test func `every event of the package's groups encodes or names its manual`() throws {
    let groups = try CounterGroup.all()
    let wrong = groups.flatMap { EventCheck.check($0) }.filter { $0.status == .wrong }
    #expect(wrong.isEmpty, "\(wrong.map { "\($0.group): \($0.event): \($0.detail)" })")
  }

  @Test func `every group is named after its file and has metrics or counts software`() throws {
    for group in try CounterGroup.all() {
      #expect(try CounterGroup.load(group.name) == group)
      #expect(!group.metrics.isEmpty || group.name == "software", "\(group.name)")
    }
  }

  @Test(
    arguments: [
      ("skx", ["cache", "lines", "tlb", "flops", "numa"]), ("icx", ["cache", "lines", "tlb", "flops", "numa"]),
      ("spr", ["cache", "lines", "tlb", "flops", "numa"]), ("zen2", ["cache", "tlb", "flops"]),
      ("zen3", ["cache", "tlb", "flops"]), ("zen4", ["cache", "tlb", "flops"]), ("zen5", ["cache", "tlb", "flops"]),
      ("neoverse", ["cache", "tlb", "v1-flops", "v2-flops", "n1-vector"]),
    ])
  func `every processor has its groups`(processor: String, kinds: [String]) throws {
    for kind in kinds { #expect(try !CounterGroup.load("\(processor)-\(kind)").events.isEmpty) }
  }

  @Test(.enabled(if: isX86)) func `an event of another CPU is encoded from its table`() throws {
    let check = try verdict("pmu: spr", "events: ['spr::LONGEST_LAT_CACHE:MISS']")
    #expect(check.status == .encodes)
    #expect(check.detail.hasPrefix("spr::LONGEST_LAT_CACHE:MISS"))
  }

  @Test func `a misspelt event is wrong, and its near matches are named`() throws {
    let check = try verdict("pmu: perf", "events: ['perf::PAGE-FALTS']")
    #expect(check.status == .wrong)
    #expect(check.detail.contains("PAGE-FAULTS"))
  }

  @Test func `an event of a PMU that is not the group's is wrong`() throws {
    #expect(try verdict("pmu: spr", "events: ['perf::CYCLES']").status == .wrong)
  }

  @Test func `a raw code needs a manual, a meaning and a CPU`() throws {
    let named = "events: [{code: 'perf_raw::r0f03', means: operations}]"
    let cpu = "cpu: {vendor: AuthenticAMD, family: 26}"
    #expect(try verdict("pmu: perf_raw", named, cpu, "source: manual").status == .sourced)
    #expect(try verdict("pmu: perf_raw", named, cpu).detail.contains("'source'"))
    #expect(try verdict("pmu: perf_raw", named, "source: manual").detail.contains("'cpu'"))
    let bare = "events: ['perf_raw::r0f03']"
    #expect(try verdict("pmu: perf_raw", bare, cpu, "source: manual").detail.contains("'means'"))
  }

  @Test(.enabled(if: isX86)) func `Arm's tables cannot be checked on x86, and the check says so`() throws {
    let check = try verdict("pmu: arm_v2", "events: ['arm_v2::CPU_CYCLES']")
    #expect(check.status == .unchecked)
    #expect(check.detail.contains("another architecture"))
  }

  @Test func `an event of a system PMU needs a source, and the form of sysfs`() throws {
    let system = ["pmu: nowhere_pmu", "scope: socket"]
    let check = try #require(
      EventCheck.check(group(system + ["events: ['nowhere_pmu/event=1/']", "source: manual"])).first)
    #expect(check.status == .sourced)
    let bare = try #require(EventCheck.check(group(system + ["events: ['nowhere_pmu/event=1/']"])).first)
    #expect(bare.status == .wrong && bare.detail.contains("'source'"))
    let other = try #require(
      EventCheck.check(group(system + ["events: ['uncore_imc/event=1/']", "source: manual"])).first)
    #expect(other.status == .wrong)
    #expect(throws: InputError.self) { try group(system + ["events: ['nowhere_pmu::A']"]) }
  }

  @Test func `a CPU is named by models, and an invalid range is an error`() throws {
    let events = "events: [{code: 'perf_raw::r11', means: a}]"
    func mismatch(_ model: Int) throws -> String? {
      let group = try group(["pmu: perf_raw", events, "cpu: {vendor: V, family: 6, models: [0x55, 0x60-0x6f]}"])
      return try FakeMachine(["proc/cpuinfo": "vendor_id\t: V\ncpu family\t: 6\nmodel\t\t: \(model)"]).read {
        group.mismatch(root: $0)
      }
    }
    #expect(try mismatch(0x55) == nil && mismatch(0x60) == nil && mismatch(0x6f) == nil)
    #expect(try mismatch(0x70)?.contains("model 85, 96-111, and this CPU is V family 6 model 112") == true)
    for range in ["0x6f-0x60", "a", "1-2-3"] {
      #expect(throws: InputError.self) {
        try group(["pmu: perf_raw", events, "cpu: {vendor: V, family: 6, models: ['\(range)']}"])
      }
    }
  }

  @Test func `raw codes of Arm belong to the parts that the group names`() throws {
    let group = try group([
      "pmu: perf_raw", "events: [{code: 'perf_raw::r11', means: CPU_CYCLES}]",
      "cpu: {implementer: 0x41, parts: [0xd40, 0xd4f]}",
    ])
    let grace = try FakeMachine(["proc/cpuinfo": "CPU implementer\t: 0x41\nCPU part\t: 0xd4f"])
    let other = try FakeMachine(["proc/cpuinfo": "CPU implementer\t: 0x41\nCPU part\t: 0xd0c"])
    let x86 = try FakeMachine(["proc/cpuinfo": "vendor_id\t: GenuineIntel\ncpu family\t: 6"])
    #expect(group.mismatch(root: grace.root) == nil)
    #expect(group.mismatch(root: other.root)?.contains("part 0xd0c") == true)
    #expect(group.mismatch(root: x86.root) != nil)
  }
}
