import CLinux
import Foundation
import Glibc
import Support
import TestSupport
import Testing

@testable import Profiler

@Suite(.machine) struct CounterSessionTests {
  private let counts = CounterCounts(raw: 100, enabledNs: 1000, runningNs: 1000)

  private func reading(
    _ script: SyntheticBackend.Script, softwareEvents: [String: UInt64] = [:]
  ) throws -> CounterReading {
    let backend = SyntheticBackend(["EVENT": script], softwareEvents: softwareEvents)
    let session = CounterSession(events: ["EVENT"], backend: backend)
    return try #require(session.measure {}.readings.first)
  }

  @Test func `a counter that ran all the time is exact`() throws {
    let reading = try reading(.advances(counts))
    #expect(reading.quality == .exact)
    #expect(reading.raw == 100)
    #expect(reading.value == 100)
    #expect(reading.canonical == "EVENT:u=1:k=0")
    #expect(reading.reason == nil)
  }

  @Test func `a counter that ran a quarter of the time is scaled, and keeps its raw count`() throws {
    let reading = try reading(.advances(CounterCounts(raw: 100, enabledNs: 1000, runningNs: 250)))
    #expect(reading.quality == .scaled)
    #expect(reading.raw == 100)
    #expect(reading.value == 400)
    #expect(reading.reason?.contains("25 %") == true)
  }

  @Test func `scaling does not overflow`() throws {
    let long = CounterCounts(raw: 1 << 50, enabledNs: 1 << 50, runningNs: 1 << 49)
    #expect(try reading(.advances(long)).value == Double(1 << 51))
  }

  @Test func `a counter that never ran has no value`() throws {
    let reading = try reading(.advances(CounterCounts(raw: 0, enabledNs: 1000, runningNs: 0)))
    #expect(reading.quality == .notCounted)
    #expect(reading.value == nil)
    #expect(reading.raw == nil)
    #expect(reading.reason != nil)
  }

  @Test(
    arguments: [
      (ENOENT, CounterQuality.unsupported, "virtual machine"), (EACCES, .denied, "CAP_PERFMON"),
      (EPERM, .denied, "perf_event_paranoid"), (ENOSPC, .denied, "too many events"), (EMFILE, .denied, "ulimit"),
      (EBUSY, .denied, "watchdog"), (EINVAL, .unsupported, "encoding"), (ENOSYS, .denied, "seccomp"),
      (ENODEV, .unsupported, "offline"), (EOPNOTSUPP, .unsupported, "modifiers"), (ESRCH, .unsupported, "ended"),
      (E2BIG, .unsupported, "older"),
    ])
  func `an error of the kernel becomes a quality and advice`(
    code: Int32, quality: CounterQuality, advice: String
  ) throws {
    let reading = try reading(.fails(code))
    #expect(reading.quality == quality)
    #expect(reading.value == nil)
    #expect(reading.raw == nil)
    #expect(reading.reason?.contains(advice) == true)
  }

  @Test func `full files of the process and of the system are told apart`() {
    #expect(CounterFailure(code: EMFILE).reason().contains("ulimit -n"))
    #expect(CounterFailure(code: ENFILE).reason().contains("fs.file-max"))
    #expect(CounterFailure(code: ENFILE).quality == .denied)
  }

  @Test func `the NMI watchdog is named where it is on and counters are short`() {
    for code in [EBUSY, ENOSPC] {
      #expect(CounterFailure(code: code).reason(watchdog: true).contains("sysctl kernel.nmi_watchdog=0"))
    }
    #expect(CounterFailure(code: EINVAL).reason(watchdog: true, isMember: true).contains("nmi_watchdog=0"))
    #expect(!CounterFailure(code: EINVAL).reason(watchdog: true).contains("watchdog"))
    #expect(!CounterFailure(code: ENOSPC).reason(watchdog: false).contains("watchdog"))
  }

  @Test func `an unforeseen error is reported in the kernel's words`() {
    #expect(CounterFailure(code: EIO).reason() == "perf_event_open: Input/output error")
    #expect(CounterFailure(code: EIO).quality == .unsupported)
  }

  @Test func `advice names the current paranoid level`() {
    #expect(CounterFailure(code: EACCES).reason(paranoid: 4).contains("perf_event_paranoid is 4"))
    #expect(CounterFailure(code: EACCES).reason(paranoid: nil).contains("not readable"))
  }

  @Test func `advice depends on the level: a sysctl above 2, a seccomp profile where the level allows counting`() {
    #expect(CounterFailure(code: EACCES).reason(paranoid: 3).contains("CAP_PERFMON is not enough"))
    #expect(CounterFailure(code: EPERM).reason(paranoid: 2).contains("seccomp profile probably"))
    #expect(!CounterFailure(code: EACCES).reason(paranoid: 2).contains("probably"))
  }

  @Test func `an event that libpfm does not know is unsupported, and the others are counted`() {
    let backend = SyntheticBackend(["A": .advances(counts)])
    let readings = CounterSession(events: ["NONE", "A"], backend: backend).measure {}.readings
    #expect(readings.map(\.quality) == [.unsupported, .exact])
    #expect(readings[0].canonical == nil)
  }

  @Test func `the first event that opens leads the group`() {
    let backend = SyntheticBackend(["A": .fails(ENOENT), "B": .advances(counts), "C": .advances(counts)])
    let readings = CounterSession(events: ["A", "B", "C"], backend: backend).measure {}.readings
    #expect(readings.map(\.value) == [nil, 100, 100])
  }

  @Test func `an event that no longer fits into the group is not counted, unless multiplexing is asked for`() {
    let scripts: [String: SyntheticBackend.Script] = ["A": .advances(counts), "B": .failsAsMember(EINVAL, counts)]
    let grouped = CounterSession(events: ["A", "B"], backend: SyntheticBackend(scripts)).measure {}.readings
    #expect(grouped.map(\.quality) == [.exact, .notCounted])
    #expect(grouped[1].reason?.contains("too many events") == true)
    let taken = CounterSession(events: ["A", "B"], multiplexing: true, backend: SyntheticBackend(scripts))
    #expect(taken.measure {}.readings.map(\.quality) == [.exact, .exact])
  }

  @Test func `each event of a group has its own count, even where one before it did not open`() {
    func counts(_ raw: UInt64) -> SyntheticBackend.Script {
      .advances(CounterCounts(raw: raw, enabledNs: 10, runningNs: 10))
    }
    let backend = SyntheticBackend(["A": counts(1), "B": .fails(ENOENT), "C": counts(3), "D": counts(4)])
    for multiplexing in [false, true] {
      let session = CounterSession(events: ["A", "B", "C", "D"], multiplexing: multiplexing, backend: backend)
      #expect(session.measure {}.readings.map(\.raw) == [1, nil, 3, 4])
    }
  }

  @Test func `each region counts from zero`() {
    let session = CounterSession(events: ["A"], backend: SyntheticBackend(["A": .advances(counts)]))
    for _ in 0..<3 { #expect(session.measure {}.readings.map(\.raw) == [100]) }
  }

  @Test func `a session that never ran has no values`() {
    let session = CounterSession(events: ["A"], backend: SyntheticBackend(["A": .advances(counts)]))
    #expect(session.readings().map(\.quality) == [.notCounted])
    #expect(session.readings().map(\.value) == [nil])
  }

  @Test func `a software event falls back to user mode where the kernel is denied, and says so`() throws {
    let faults = try reading(.failsInKernel(EACCES, counts), softwareEvents: ["EVENT": 2])
    #expect(faults.quality == .exact)
    #expect(faults.reason?.hasPrefix("user mode only") == true)
  }

  @Test func `context switches are denied rather than 0 where the kernel is denied`() throws {
    let switches = try reading(.failsInKernel(EACCES, counts), softwareEvents: ["EVENT": 3])
    #expect(switches.quality == .denied)
    #expect(switches.value == nil)
  }

  @Test func `a reading without a value has null in JSON`() throws {
    let text = String(decoding: try JSONEncoder().encode(reading(.fails(ENOENT))), as: UTF8.self)
    #expect(text.contains("\"value\":null"))
    #expect(text.contains("\"raw\":null"))
  }

  @Test func `counters are closed with their session`() {
    let backend = SyntheticBackend(["A": .advances(counts), "B": .advances(counts)])
    do {
      let session = CounterSession(events: ["A", "B"], backend: backend)
      #expect(session.isCounting)
      #expect(backend.openCount == 2)
    }
    #expect(backend.openCount == 0)
  }
}

@Suite(.machine) struct CounterTotalTests {
  private func reading(_ value: Double?, _ quality: CounterQuality) -> CounterReading {
    CounterReading(event: "A", raw: value.map { UInt64($0) }, value: value, quality: quality, reason: "\(quality)")
  }

  @Test func `counts of threads add up`() {
    let total = CounterReading.total(over: [[reading(3, .exact)], [reading(4, .exact)]])
    #expect(total.map(\.value) == [7])
    #expect(total.map(\.raw) == [7])
  }

  @Test func `a total with a missing part is missing, and has the worst quality`() {
    let total = CounterReading.total(over: [[reading(3, .exact)], [reading(nil, .denied)]])
    #expect(total.map(\.value) == [nil])
    #expect(total.map(\.quality) == [.denied])
    #expect(total.map(\.reason) == ["denied"])
  }
}

@Suite(.machine) struct RealCounterTests {
  @Test func `page faults count the first touches of a mapping`() throws {
    let pages = 16_384
    let cpu = Topology.read().allowedCPUs[0]
    let pool = try PinnedPool(cpus: [cpu])
    let memory = try PlacedMemory(bytes: pages * basePageBytes, pages: .base)
    let readings = pool.map { _ in
      CounterSession(events: ["perf::PAGE-FAULTS"]).measure {
        linux_touch(memory.base, memory.byteCount, basePageBytes)
      }.readings
    }
    let faults = try #require(readings.first?.first)
    // A container may forbid perf events altogether, and the reading must then say so.
    guard let value = faults.value else {
      #expect(faults.quality == .denied)
      #expect(faults.reason?.isEmpty == false)
      return
    }
    #expect(faults.quality == .exact)
    #expect(value >= Double(pages))
    // Code and stack pages that the thread touches for the first time inside the region; in practice a few.
    #expect(value <= Double(pages + 64))
  }

  @Test func `a real group is read at one moment, in the order of its events`() throws {
    let pages = 512
    let memory = try PlacedMemory(bytes: pages * basePageBytes, pages: .base)
    let events = ["perf::TASK-CLOCK", "perf::PAGE-FAULTS", "perf::MAJOR-FAULTS", "perf::MINOR-FAULTS"]
    let readings = CounterSession(events: events).measure {
      linux_touch(memory.base, memory.byteCount, basePageBytes)
    }.readings
    guard readings.allSatisfy({ $0.value != nil }) else {
      #expect(readings.allSatisfy { $0.value != nil || $0.quality == .denied })
      return
    }
    #expect(Set(readings.map(\.enabledNs)).count == 1)
    #expect(Set(readings.map(\.runningNs)).count == 1)
    let (faults, major, minor) = (readings[1], readings[2], readings[3])
    // Every fault is either major or minor, which holds only if each value belongs to its event.
    #expect(faults.raw == (major.raw ?? 0) + (minor.raw ?? 0))
    #expect((faults.raw ?? 0) >= UInt64(pages))
  }

  @Test func `hardware counters count, or give no value and a reason`() throws {
    let group = try CounterGroup.load("perf-cycles")
    let readings = CounterSession(events: group.events).measure { (0..<1000).reduce(0, +) }.readings
    for reading in readings {
      #expect((reading.value == nil) == [.notCounted, .unsupported, .denied].contains(reading.quality))
      #expect(reading.value.map { $0 > 0 } ?? (reading.reason != nil))
    }
  }
}

@Suite(.machine) struct CounterGroupTests {
  @Test func `a group of raw codes is not counted on another CPU`() throws {
    let group = try CounterGroup.load("zen5-flops")
    let intel = try FakeMachine(["proc/cpuinfo": "vendor_id\t: GenuineIntel\ncpu family\t: 6"])
    let amd = try FakeMachine(["proc/cpuinfo": "vendor_id\t: AuthenticAMD\ncpu family\t: 26\nmodel\t: 2"])
    let counts = CounterCounts(raw: 1, enabledNs: 1, runningNs: 1)
    let backend = SyntheticBackend(["perf_raw::r0f03": .advances(counts), "perf_raw::r0076": .advances(counts)])
    let there = CounterSession(group: group, backend: backend, root: intel.root).measure {}.readings
    #expect(there.map(\.quality) == [.unsupported, .unsupported])
    #expect(there[0].reason?.contains("GenuineIntel") == true)
    let here = CounterSession(group: group, backend: backend, root: amd.root).measure {}.readings
    #expect(here.map(\.quality) == [.exact, .exact])
  }

  @Test(.enabled(if: isX86)) func `an event of a table that is not this CPU's is not counted`() throws {
    // No machine has both PMUs.
    let readings = ["spr::LONGEST_LAT_CACHE:MISS", "amd64_fam19h_zen4::RETIRED_INSTRUCTIONS"].flatMap {
      CounterSession(events: [$0]).measure {}.readings
    }
    #expect(readings.contains { $0.quality == .unsupported && $0.reason?.contains("not this machine's PMU") == true })
  }

  @Test func `an unknown group is an error with the nearest name`() throws {
    let error = try #require(throws: InputError.self) { try CounterGroup.load("sofware") }
    #expect(error.message.contains("did you mean 'software'"))
  }

  @Test(
    arguments: [
      "name: a\ndescription: b\npmu: perf\nevents: []", "name: a\ndescription: b\npmu: perf",
      "name: a\ndescription: b\npmu: perf\nevents: [A, A]",
      "name: a\ndescription: b\npmu: perf\nevents: [A]\nextra: 1",
      "name: a\ndescription: b\npmu: perf\nevents: [{code: A}]",
      "name: a\ndescription: b\npmu: perf\nevents: [A]\ncpu: {vendor: X}",
      "name: a\ndescription: b\npmu: perf\nevents: [A]\ncpu: {implementer: 0x41}",
    ])
  func `a malformed group is an error`(text: String) {
    #expect(throws: InputError.self) { try CounterGroup(yaml: YAMLValue(text: text, file: "group.yaml")) }
  }
}
