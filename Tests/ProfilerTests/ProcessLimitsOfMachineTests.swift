import Foundation
import Support
import TestSupport
import Testing

@testable import Profiler

/// The limits of this process: doctor and the recorded facts report the same ones.
@Suite(.machine) struct ProcessLimitsOfMachineTests {
  private let machine = FakeMachine.files(packages: 1, clustersPerPackage: 1, coresPerCluster: 4, threadsPerCore: 1)

  private func quota(_ files: [String: String]) throws -> (item: Diagnosis.Item, state: MachineState) {
    try FakeMachine(machine.merging(files) { _, new in new }).read { root in
      (
        Diagnosis.cpuQuota(SystemFiles(root: root), Topology.read(root: root)),
        MachineState.capture(root: root)
      )
    }
  }

  @Test(arguments: [
    // Version 2, on the slice above.
    [
      "proc/self/cgroup": "0::/slice/pod", "sys/fs/cgroup/slice/pod/cpu.max": "max 100000",
      "sys/fs/cgroup/slice/cpu.max": "50000 100000",
    ],
    // Version 1, mounted by the names of both controllers.
    [
      "proc/self/cgroup": "3:cpu,cpuacct:/slice/pod\n0::/",
      "sys/fs/cgroup/cpu,cpuacct/slice/pod/cpu.cfs_quota_us": "-1",
      "sys/fs/cgroup/cpu,cpuacct/slice/pod/cpu.cfs_period_us": "100000",
      "sys/fs/cgroup/cpu,cpuacct/slice/cpu.cfs_quota_us": "50000",
      "sys/fs/cgroup/cpu,cpuacct/slice/cpu.cfs_period_us": "100000",
    ],
    // As above, mounted in another order than /proc has it.
    [
      "proc/self/cgroup": "3:cpu,cpuacct:/slice", "sys/fs/cgroup/cpuacct,cpu/slice/cpu.cfs_quota_us": "50000",
      "sys/fs/cgroup/cpuacct,cpu/slice/cpu.cfs_period_us": "100000",
    ],
    // The smaller of two limits.
    [
      "proc/self/cgroup": "0::/slice/pod", "sys/fs/cgroup/slice/pod/cpu.max": "300000 100000",
      "sys/fs/cgroup/slice/cpu.max": "50000 100000",
    ],
    // In a container, where the host's path is not mounted.
    [
      "proc/self/cgroup": "3:cpu:/docker/0123", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000",
      "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
    ],
  ])
  func `doctor and the facts report half a CPU from whichever group above limits it`(files: [String: String])
    throws
  {
    let (item, state) = try quota(files)
    #expect(item.status == .degraded)
    #expect(item.reason.contains("the time of 0.5 CPUs, 4 are allowed"), "\(item.reason)")
    #expect(state["cpu_quota_cpus"] == "0.5")
    #expect(state["cgroup_cpu_max"] == "50000 100000")
  }

  @Test func `without a quota the facts say so`() throws {
    let (item, state) = try quota(["proc/self/cgroup": "0::/job", "sys/fs/cgroup/job/cpu.max": "max 100000"])
    #expect(item.status == .ok)
    #expect(state["cpu_quota_cpus"] == nil)
    #expect(state.facts.first { $0.name == "cpu_quota_cpus" }?.reason == "no control group limits CPU time")
  }

  @Test func `doctor, the facts and the figure that points are skipped by are the same`() throws {
    let files = [
      "proc/meminfo": "MemTotal:  9000000 kB\nMemAvailable:  8388608 kB", "proc/self/cgroup": "4:memory:/outer/inner",
      "sys/fs/cgroup/memory/outer/inner/memory.limit_in_bytes": "9223372036854771712",
      "sys/fs/cgroup/memory/outer/memory.limit_in_bytes": "314572800",
      "sys/fs/cgroup/memory/outer/memory.usage_in_bytes": "104857600",
    ]
    try FakeMachine(files).read { root in
      let item = Diagnosis.memory(SystemFiles(root: root))
      #expect(item.status == .degraded)
      #expect(item.reason.contains("at most 300MiB of 8GiB"), "\(item.reason)")
      #expect(item.reason.contains("200MiB available to this process by the memory limit of control group /outer"))
      let state = MachineState.capture(root: root)
      #expect(state["memory_limit_bytes"] == "314572800")
      #expect(state["memory_limited_by"] == "the memory limit of control group /outer")
      #expect(state["memory_available_bytes"] == "\(200 << 20)")
      #expect(AvailableMemory.read(root: root)?.bytes == 200 << 20)
    }
  }

  // MARK: - Clocks

  private func governors(_ governors: [String], allowed: String) -> [String: String] {
    var files = FakeMachine.files(
      packages: 1, clustersPerPackage: 1, coresPerCluster: governors.count, threadsPerCore: 1, allowed: allowed)
    for (cpu, governor) in governors.enumerated() {
      files["sys/devices/system/cpu/cpu\(cpu)/cpufreq/scaling_governor"] = governor
      files["sys/devices/system/cpu/cpu\(cpu)/cpufreq/scaling_max_freq"] = cpu < 2 ? "5000000" : "3800000"
    }
    return files
  }

  @Test(arguments: [
    (["performance", "powersave"], "1", Diagnosis.Item.Status.degraded, "CPU 1: powersave"),
    (["powersave", "performance"], "1", .ok, "CPU 1: performance"),
    (["performance", "powersave", "performance"], "0-2", .degraded, "CPUs 0,2: performance; CPU 1: powersave"),
  ])
  func `the governors of the CPUs that may be used decide`(
    set: [String], allowed: String, status: Diagnosis.Item.Status, text: String
  ) throws {
    try FakeMachine(governors(set, allowed: allowed)).read { root in
      let item = Diagnosis.governor(SystemFiles(root: root), Topology.read(root: root))
      #expect(item.status == status)
      #expect(item.reason.hasPrefix(text), "\(item.reason)")
    }
  }

  @Test func `a fact about clocks names the CPUs where they differ, and is that of the CPUs asked for`() throws {
    try FakeMachine(governors(["performance", "powersave", "performance"], allowed: "0-2")).read { root in
      let all = MachineState.capture(root: root)
      #expect(all["governor"] == "CPUs 0,2: performance; CPU 1: powersave")
      #expect(all["frequency_max_khz"] == "CPUs 0-1: 5000000; CPU 2: 3800000")
      let some = MachineState.capture(root: root, cpus: [0, 2])
      #expect(some["governor"] == "performance")
    }
  }

  @Test func `the governor of a CPU without one is not taken from another CPU`() throws {
    var files = governors(["performance", "performance"], allowed: "0-1")
    files["sys/devices/system/cpu/cpu1/cpufreq/scaling_governor"] = nil
    try FakeMachine(files).read { root in
      #expect(MachineState.capture(root: root)["governor"] == "CPU 0: performance; CPU 1: unknown")
      #expect(Diagnosis.governor(SystemFiles(root: root), Topology.read(root: root)).status == .degraded)
    }
  }

  @Test func `a hybrid machine's kinds of cores are told apart`() throws {
    var files = FakeMachine.files(packages: 1, clustersPerPackage: 1, coresPerCluster: 4, threadsPerCore: 1)
    files["sys/devices/cpu_core/cpus"] = "0-1"
    files["sys/devices/cpu_atom/cpus"] = "2-3"
    try FakeMachine(files).read { root in
      let item = Diagnosis.coreKinds(SystemFiles(root: root), Topology.read(root: root))
      #expect(item.status == .degraded)
      #expect(item.reason.hasPrefix("cpu_core: CPUs 0-1; cpu_atom: CPUs 2-3"))
    }
  }
}
