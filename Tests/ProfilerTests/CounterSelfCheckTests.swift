import Glibc
import Support
import Testing

@testable import Profiler

struct CounterSelfCheckTests {
  private let pages: UInt64 = 16_384

  private func software(_ script: SyntheticBackend.Script) throws -> CounterSelfCheck {
    var scripts: [String: SyntheticBackend.Script] = [:]
    let group = try CounterGroup.load("software")
    for event in group.events { scripts[event] = .fails(ENOENT) }
    scripts["perf::PAGE-FAULTS"] = script
    return try #require(CounterSelfCheck.run(group, backend: SyntheticBackend(scripts)).first)
  }

  private func counts(_ raw: UInt64, running: UInt64 = 1000) -> SyntheticBackend.Script {
    .advances(CounterCounts(raw: raw, enabledNs: 1000, runningNs: running))
  }

  @Test func `a counter that counts the work passes`() throws {
    let check = try software(counts(pages + 8))
    #expect(check.status == .passed)
    #expect(check.perUnit.map { $0 > 1 && $0 < 1.001 } == true)
    #expect(check.reason.contains("per page"))
  }

  @Test(arguments: [0, 1, 16_383, 2 * 16_384, 1 << 40] as [UInt64])
  func `a counter that opens and counts something else is suspect`(raw: UInt64) throws {
    #expect(try software(counts(raw)).status == .suspect)
  }

  @Test func `a counter that is absent, denied or never ran is not checked, with its reason`() throws {
    #expect(try software(.fails(ENOENT)).status == .notChecked)
    let denied = try software(.fails(EACCES))
    #expect(denied.status == .notChecked)
    #expect(denied.reason.contains("CAP_PERFMON"))
    #expect(try software(counts(0, running: 0)).status == .notChecked)
  }

  @Test func `only readings of events that failed are suspect, and they keep their values`() throws {
    let checks = [try software(counts(0))]
    let faults = CounterReading(event: "perf::PAGE-FAULTS", value: 7, quality: .exact).judged(by: checks)
    #expect(faults.quality == .suspect)
    #expect(faults.value == 7)
    #expect(faults.reason?.contains("page_touches") == true)
    let other = CounterReading(event: "perf::TASK-CLOCK", value: 7, quality: .exact)
    #expect(other.judged(by: checks) == other)
    let missing = CounterReading(event: "perf::PAGE-FAULTS", quality: .denied, reason: "denied")
    #expect(missing.judged(by: checks) == missing)
  }

  @Test func `nothing is derived from a suspect event`() throws {
    let reading = CounterReading(event: "A", value: 7, quality: .suspect)
    #expect(try Formula("'A'").value(of: [reading]) == nil)
  }

  @Test func `the kernel's page faults are correct on this machine, or denied`() throws {
    let check = try #require(CounterSelfCheck.run(CounterGroup.load("software")).first)
    #expect(check.kernel == .pageTouches)
    #expect(check.status == .passed || (check.status == .notChecked && check.reason.contains("not permitted")))
  }

  @Test(arguments: KnownAnswer.Kernel.allCases)
  func `every kernel does its work`(kernel: KnownAnswer.Kernel) throws {
    let units = try kernel.prepared()()
    #expect(units.map { $0 > 0 } ?? (kernel == .dependentAdds))
  }

  @Test func `every processor's events of operations and of fills have a known answer`() throws {
    for group in try CounterGroup.all() where group.name.hasSuffix("-flops") || group.name.hasSuffix("-cache") {
      #expect(!group.checks.isEmpty, "\(group.name)")
    }
  }

  @Test func `doctor names a counter that counts wrong`() throws {
    let scripts: [String: SyntheticBackend.Script] = [
      "perf::CYCLES": counts(0), "perf::INSTRUCTIONS": counts(0),
    ]
    let item = Diagnosis.counterSelfCheck(SyntheticBackend(scripts))
    #expect(item.status == .degraded)
    #expect(item.reason.contains("dependent_adds"))
    #expect(item.fix?.isEmpty == false)
  }
}
