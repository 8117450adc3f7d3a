import Foundation
import Glibc
import Support
import TestSupport
import Testing

@testable import Profiler

struct DiagnosisTests {
  private let counts = CounterCounts(raw: 100, enabledNs: 1000, runningNs: 1000)

  private func hardware(_ script: SyntheticBackend.Script) -> Diagnosis.Item {
    Diagnosis.hardwareCounters(SyntheticBackend(["perf::CYCLES": script, "perf::INSTRUCTIONS": script]))
  }

  @Test func `hardware counters that count are ok`() {
    #expect(hardware(.advances(counts)).status == .ok)
  }

  @Test func `a machine without a PMU gets a list of what works without one`() {
    let item = hardware(.fails(ENOENT))
    #expect(item.status == .unavailable)
    #expect(item.reason.contains("virtual machine"))
    #expect(item.fix?.contains("PMU") == true)
  }

  @Test func `denied counters come with the setting to change`() {
    #expect(hardware(.fails(EACCES)).fix?.contains("perf_event_paranoid") == true)
  }

  @Test func `counters that open and read 0 are not ok`() {
    let item = hardware(.advances(CounterCounts(raw: 0, enabledNs: 1000, runningNs: 1000)))
    #expect(item.status == .unavailable)
    #expect(item.reason.contains("hypervisor"))
  }

  @Test func `a static executable says why it has no dense baseline`() {
    let item = Diagnosis.blas(canLoad: false)
    #expect(item.status == .unavailable)
    #expect(item.reason.contains("static"))
  }

  @Test func `counters that are shared are degraded`() {
    #expect(hardware(.advances(CounterCounts(raw: 100, enabledNs: 1000, runningNs: 500))).status == .degraded)
  }

  @Test func `software counters are degraded where one of them is denied`() {
    let backend = SyntheticBackend([
      "perf::PAGE-FAULTS": .advances(counts), "perf::CONTEXT-SWITCHES": .fails(EACCES),
    ])
    #expect(Diagnosis.softwareCounters(backend).status == .degraded)
    let none = SyntheticBackend(["perf::PAGE-FAULTS": .fails(EPERM), "perf::CONTEXT-SWITCHES": .fails(EPERM)])
    #expect(Diagnosis.softwareCounters(none).status == .unavailable)
  }

  @Test(
    arguments: [
      ("-1", "0", Diagnosis.Item.Status.ok), ("0", "0", .ok), ("1", "0", .degraded), ("2", "0", .degraded),
      ("2", "4000000000", .ok), ("2", "200000", .ok), ("4", "4000000000", .degraded), ("4", "200000", .ok),
      ("", "0", .unavailable),
    ])
  func `the paranoid level and the capabilities decide what may be counted`(
    level: String, capabilities: String, status: Diagnosis.Item.Status
  ) throws {
    let item = try FakeMachine([
      "proc/sys/kernel/perf_event_paranoid": level, "proc/self/status": "Name:\ttest\nCapEff:\t\(capabilities)",
    ]).read { Diagnosis.perfEvents(SystemFiles(root: $0)) }
    #expect(item.status == status, "\(item.reason)")
    #expect((item.fix == nil) == (status == .ok))
  }

  @Test func `memory traffic that is counted says by which group and over how many sockets`() throws {
    let machine = try twoSocketMachine()
    let scripts = ["uncore_imc/cas_count_read/", "uncore_imc/cas_count_write/"].map {
      ($0, SyntheticBackend.Script.advances(counts))
    }
    let backend = SyntheticBackend(Dictionary(uniqueKeysWithValues: scripts), root: machine.root)
    let item = Diagnosis.memoryTraffic(backend, root: machine.root)
    #expect(item.status == .ok)
    #expect(item.reason == "imc-memory count over 2 sockets")
    let denied = SyntheticBackend(
      Dictionary(uniqueKeysWithValues: scripts.map { ($0.0, .fails(EACCES)) }), root: machine.root)
    #expect(Diagnosis.memoryTraffic(denied, root: machine.root).reason.contains("not permitted"))
    let none = Diagnosis.memoryTraffic(SyntheticBackend([:]), root: machine.root)
    #expect(none.status == .unavailable && none.reason.contains("no PMU 'uncore_imc'"))
  }

  @Test func `topics are told apart into counted and not, each with its groups`() throws {
    let machine = try twoSocketMachine()
    let backend = SyntheticBackend(["perf::CYCLES": .advances(counts), "perf::INSTRUCTIONS": .advances(counts)])
    let item = Diagnosis.counterTopics(backend, root: machine.root)
    #expect(item.status == .degraded)
    #expect(item.reason.contains("counted: cycles (perf-cycles)"))
    #expect(item.reason.contains("flops (spr-flops)"))
  }

  @Test func `a debug build is degraded`() {
    #expect(Diagnosis.build(.debug).status == .degraded)
    #expect(Diagnosis.build(.release).status == .ok)
  }

  @Test(
    arguments: [
      ("proc/sys/kernel/numa_balancing", "1", "numa_balancing", Diagnosis.Item.Status.degraded),
      ("proc/sys/kernel/numa_balancing", "0", "numa_balancing", .ok),
      ("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance", "frequency_governor", .ok),
      ("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave", "frequency_governor", .degraded),
      ("sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet", "clock_source", .degraded),
      ("proc/sys/kernel/nmi_watchdog", "1", "nmi_watchdog", .degraded),
      ("proc/meminfo", "HugePages_Free:       12", "huge_pages", .ok),
      ("proc/meminfo", "HugePages_Free:        0", "huge_pages", .unavailable),
    ])
  func `a setting decides an item`(path: String, text: String, name: String, status: Diagnosis.Item.Status) throws {
    let machine = try FakeMachine([path: text])
    let item = try #require(Diagnosis.run(root: machine.root).items.first { $0.name == name })
    #expect(item.status == status)
  }

  @Test func `a cpuset that leaves a part of the machine is named with its cgroup`() throws {
    var files = FakeMachine.files(
      packages: 2, clustersPerPackage: 1, coresPerCluster: 4, threadsPerCore: 1, allowed: "0-3")
    files["proc/self/cgroup"] = "0::/batch/job7"
    files["sys/fs/cgroup/batch/job7/cpuset.cpus.effective"] = "0-3"
    let item = try cpuset(files)
    #expect(item.status == .degraded)
    #expect(item.reason.contains("CPUs 0-3 of 0-7"))
    #expect(item.reason.contains("cgroup /sys/fs/cgroup/batch/job7"))
    #expect(item.fix?.contains("cpuset.cpus") == true)
  }

  @Test func `fewer CPUs than the cgroup gives are due to the affinity mask`() throws {
    var files = FakeMachine.files(
      packages: 2, clustersPerPackage: 1, coresPerCluster: 4, threadsPerCore: 1, allowed: "0-3")
    files["proc/self/cgroup"] = "0::/"
    files["sys/fs/cgroup/cpuset.cpus.effective"] = "0-7"
    let item = try cpuset(files)
    #expect(item.status == .degraded)
    #expect(item.reason.contains("affinity mask"))
    #expect(item.fix?.contains("taskset") == true)
  }

  @Test func `the whole machine is ok`() throws {
    let files = FakeMachine.files(packages: 2, clustersPerPackage: 1, coresPerCluster: 4, threadsPerCore: 1)
    #expect(try cpuset(files).status == .ok)
  }

  private func cpuset(_ files: [String: String]) throws -> Diagnosis.Item {
    try FakeMachine(files).read { root in
      Diagnosis.cpuset(SystemFiles(root: root), Topology.read(root: root))
    }
  }

  @Test(
    arguments: [
      ("max 100000", Diagnosis.Item.Status.ok), ("400000 100000", .ok), ("150000 100000", .degraded), ("", .ok),
    ])
  func `a limit of CPU time below the allowed CPUs is degraded`(limit: String, status: Diagnosis.Item.Status) throws {
    var files = FakeMachine.files(packages: 1, clustersPerPackage: 1, coresPerCluster: 4, threadsPerCore: 1)
    files["proc/self/cgroup"] = "0::/job"
    files["sys/fs/cgroup/job/cpu.max"] = limit
    let item = try FakeMachine(files).read { root in
      Diagnosis.cpuQuota(SystemFiles(root: root), Topology.read(root: root))
    }
    #expect(item.status == status)
    #expect((item.fix == nil) == (status == .ok))
  }

  @Test(
    arguments: [
      ("-1", "100000", Diagnosis.Item.Status.ok), ("400000", "100000", .ok), ("150000", "100000", .degraded),
    ])
  func `a limit of CPU time is also found in a hierarchy of version 1`(
    quota: String, period: String, status: Diagnosis.Item.Status
  ) throws {
    var files = FakeMachine.files(packages: 1, clustersPerPackage: 1, coresPerCluster: 4, threadsPerCore: 1)
    files["proc/self/cgroup"] = "3:cpuset:/\n2:cpu,cpuacct:/job\n0::/"
    files["sys/fs/cgroup/cpu/job/cpu.cfs_quota_us"] = quota
    files["sys/fs/cgroup/cpu/job/cpu.cfs_period_us"] = period
    let item = try FakeMachine(files).read { root in
      Diagnosis.cpuQuota(SystemFiles(root: root), Topology.read(root: root))
    }
    #expect(item.status == status, "\(item.reason)")
  }

  @Test(
    arguments: [
      ("", Diagnosis.Item.Status.ok), ("max", .ok), ("9223372036854771712", .ok), ("1073741824", .degraded),
    ])
  func `a cgroup's memory below what is available is degraded`(limit: String, status: Diagnosis.Item.Status) throws {
    for (cgroup, file) in [
      ("4:memory:/job", "sys/fs/cgroup/memory/job/memory.limit_in_bytes"), ("0::/job", "sys/fs/cgroup/job/memory.max"),
    ] {
      let item = try FakeMachine([
        "proc/meminfo": "MemAvailable:  8388608 kB", "proc/self/cgroup": cgroup, file: limit,
      ]).read { Diagnosis.memory(SystemFiles(root: $0)) }
      #expect(item.status == status, "\(item.reason)")
      #expect((item.fix == nil) == (status == .ok))
    }
  }

  @Test(
    arguments: [
      ("flags\t\t: fpu hypervisor avx2", Diagnosis.Item.Status.degraded), ("flags\t\t: fpu avx2", .ok),
      ("Features\t: asimd", .ok),
    ])
  func `a virtual machine is degraded`(cpuinfo: String, status: Diagnosis.Item.Status) throws {
    let item = try FakeMachine(["proc/cpuinfo": cpuinfo]).read { Diagnosis.virtualMachine(SystemFiles(root: $0)) }
    #expect(item.status == status)
  }

  @Test(arguments: [("0.12 0.1 0.1 1/100 7", Diagnosis.Item.Status.ok), ("3.5 2 1 4/100 7", .degraded)])
  func `the load of other programs is reported`(loadavg: String, status: Diagnosis.Item.Status) throws {
    let item = try FakeMachine(["proc/loadavg": loadavg]).read { Diagnosis.load(SystemFiles(root: $0)) }
    #expect(item.status == status)
  }

  @Test func `every item that is not ok comes with a fix, on this machine and on one that shows nothing`() throws {
    let bare = try FakeMachine(["etc/hostname": "bare"])
    for root in ["/", bare.root] {
      for item in Diagnosis.run(root: root).items {
        #expect(item.status == .ok || item.fix?.isEmpty == false, "\(root) \(item.name): \(item.reason)")
      }
    }
  }

  @Test func `huge pages that lie on one node only are degraded, with the other node's setting`() throws {
    var files = FakeMachine.files(packages: 2, clustersPerPackage: 1, coresPerCluster: 1, threadsPerCore: 1)
    files["proc/meminfo"] = "HugePages_Free:  8\nHugepagesize:  2048 kB"
    for (node, free) in ["8", "0"].enumerated() {
      files["sys/devices/system/node/node\(node)/hugepages/hugepages-2048kB/free_hugepages"] = free
    }
    let item = try FakeMachine(files).read { root in
      Diagnosis.hugePages(SystemFiles(root: root), Topology.read(root: root))
    }
    #expect(item.status == .degraded)
    #expect(item.reason.contains("none on node 1"))
    #expect(item.fix?.contains("node1/hugepages/hugepages-2048kB/nr_hugepages") == true)
  }

  @Test func `every counter item that is not ok comes with a fix`() {
    let scripts: [SyntheticBackend.Script] = [
      .fails(ENOENT), .fails(EACCES), .fails(EBUSY), .advances(CounterCounts(raw: 0, enabledNs: 9, runningNs: 9)),
      .advances(CounterCounts(raw: 5, enabledNs: 9, runningNs: 3)),
    ]
    for script in scripts {
      let names = ["perf::CYCLES", "perf::INSTRUCTIONS", "perf::PAGE-FAULTS", "perf::CONTEXT-SWITCHES"]
      let backend = SyntheticBackend(Dictionary(uniqueKeysWithValues: names.map { ($0, script) }))
      let items = [
        Diagnosis.hardwareCounters(backend), Diagnosis.softwareCounters(backend), Diagnosis.counterSelfCheck(backend),
        Diagnosis.counterTopics(backend), Diagnosis.memoryTraffic(backend), Diagnosis.eventTables(),
      ]
      for item in items { #expect(item.status == .ok || item.fix?.isEmpty == false, "\(item.name): \(item.reason)") }
    }
  }

  @Test func `every placement item that is not ok comes with a fix`() {
    let names = [
      "numa", "cpuset", "cpu_quota", "memory", "mbind", "move_pages", "transparent_huge_pages", "huge_pages",
      "numa_balancing",
    ]
    let items = Diagnosis.run().items.filter { names.contains($0.name) }
    #expect(items.map(\.name) == names)
    for item in items { #expect(item.status == .ok || item.fix?.isEmpty == false, "\(item.name)") }
  }

  @Test func `library variables are named`() {
    let item = Diagnosis.libraryVariables([.init(name: "OPENBLAS_CORETYPE", value: "Haswell")])
    #expect(item.status == .degraded)
    #expect(item.reason.contains("OPENBLAS_CORETYPE=Haswell"))
    #expect(Diagnosis.libraryVariables([]).status == .ok)
  }

  @Test func `every item of this machine has a reason, and its JSON has all four keys`() throws {
    let diagnosis = Diagnosis.run()
    #expect(diagnosis.items.count >= 15)
    #expect(Set(diagnosis.items.map(\.name)).count == diagnosis.items.count)
    let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(diagnosis)) as? [String: [[String: Any]]]
    for item in try #require(object?["items"]) {
      #expect(Set(item.keys) == ["name", "status", "reason", "fix"])
      #expect((item["reason"] as? String)?.isEmpty == false)
    }
  }
}
