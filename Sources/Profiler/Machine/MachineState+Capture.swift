import Foundation
import Support

extension MachineState {
  /// Reads the state of the machine whose `/proc`, `/sys` and `/etc` lie under `root`.
  ///
  /// - Parameters:
  ///   - measuresFrequency: whether the core frequency is measured, which takes about 10 ms of one allowed CPU. It is left
  ///     out under another root, because it holds for this machine only.
  ///   - cpus: the CPUs whose clock settings are recorded; by default all that the process may use.
  ///   - libraryVariables: the variables to record; by default those of this process, cleared or not.
  public static func capture(
    root: String = "/", measuresFrequency: Bool = true, cpus: [Int]? = nil,
    libraryVariables: [LibraryVariables.Variable] = LibraryVariables.found()
  ) -> MachineState {
    let topology = Topology.read(root: root)
    let reader = MachineReader(files: SystemFiles(root: root), topology: topology, cpus: cpus ?? topology.allowedCPUs)
    var facts = reader.processor() + reader.system() + reader.power() + reader.memory() + reader.observation()
    facts.append(frequency(measures: measuresFrequency && root == "/"))
    facts += build() + [variables(libraryVariables)]
    return MachineState(facts: facts)
  }

  private static func frequency(measures: Bool) -> MachineFact {
    let name = "core_frequency_ghz"
    guard measures else { return MachineFact(name: name, value: nil, reason: "not measured") }
    guard let cpu = Topology.read().allowedCPUs.first, let pool = try? PinnedPool(cpus: [cpu]),
      let best = MicroBenchmarks.coreFrequency(pool: pool, repetitions: BuildConfiguration.isRehearsal ? 1 : 8).best
    else { return MachineFact(name: name, value: nil, reason: "no measuring loop for this architecture") }
    return MachineFact(name: name, value: String(format: "%.2f", best))
  }

  private static func build() -> [MachineFact] {
    [
      MachineFact(name: "build_configuration", value: BuildConfiguration.current.rawValue),
      MachineFact(name: "swift_compiler", value: BuildConfiguration.swiftVersion),
      MachineFact(name: "c_compiler", value: BuildConfiguration.cCompiler),
    ]
  }

  private static func variables(_ found: [LibraryVariables.Variable]) -> MachineFact {
    MachineFact(name: "library_variables", value: found.map { "\($0.name)=\($0.value)" }.joined(separator: " "))
  }
}

private struct MachineReader {
  let files: SystemFiles
  let topology: Topology
  /// The CPUs whose settings are recorded.
  let cpus: [Int]

  /// The flags of /proc/cpuinfo that decide which kernels can run.
  private static let interestingFlags = [
    "avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512vl", "avx512_bf16", "avx512_fp16", "avx512_vnni", "avx_vnni",
    "amx_tile", "amx_int8", "amx_bf16", "asimd", "sve", "sve2", "bf16", "i8mm",
  ]

  func processor() -> [MachineFact] {
    let cpuinfo = "proc/cpuinfo"
    let flags = (files.field("flags", in: cpuinfo) ?? files.field("Features", in: cpuinfo)).map { text in
      let set = Set(text.split(separator: " ").map(String.init))
      return Self.interestingFlags.filter(set.contains).joined(separator: " ")
    }
    let isVirtual = files.field("flags", in: cpuinfo)?.split(separator: " ").contains("hypervisor")
    return [
      fromCPUInfo("cpu_model", "model name"), fromCPUInfo("cpu_vendor", "vendor_id"),
      fromCPUInfo("cpu_family", "cpu family"), fromCPUInfo("cpu_model_number", "model"),
      fromCPUInfo("cpu_stepping", "stepping"), fromCPUInfo("microcode", "microcode"),
      MachineFact(
        name: "hypervisor",
        value: isVirtual.map { $0 ? files.text("sys/class/dmi/id/sys_vendor") ?? "yes" : "no" },
        reason: "no flags in /proc/cpuinfo"),
      MachineFact(name: "isa_flags", value: flags, reason: "no flags in /proc/cpuinfo"),
      MachineFact(name: "online_cpus", value: formatCPUList(topology.cpus.map(\.id))),
      MachineFact(name: "allowed_cpus", value: formatCPUList(topology.allowedCPUs)),
      MachineFact(name: "l3_clusters", value: String(topology.clusters.count)),
      MachineFact(
        name: "numa_nodes", value: topology.nodes.isEmpty ? nil : String(topology.nodes.count),
        reason: "no NUMA nodes in sysfs"),
    ]
  }

  func system() -> [MachineFact] {
    [
      fromFile("kernel", "proc/sys/kernel/osrelease"),
      MachineFact(
        name: "distribution",
        value: files.field("PRETTY_NAME", in: "etc/os-release", separator: "=")?
          .trimmingCharacters(in: CharacterSet(charactersIn: "\"")),
        reason: "no PRETTY_NAME in /etc/os-release"),
      kernelParameters(),
      fromFile("clock_source", "sys/devices/system/clocksource/clocksource0/current_clocksource"),
      fromFile("address_space_randomization", "proc/sys/kernel/randomize_va_space"),
    ] + limits()
  }

  /// The limits that control groups and the shell that started this process set.
  private func limits() -> [MachineFact] {
    let quota = ControlGroups(files: files).cpuQuota
    let memory = AvailableMemory.limit(root: files.root)
    let noQuota = "no control group limits CPU time"
    let noLimit = "neither a control group nor ulimit limits memory"
    return [
      MachineFact(name: "cgroup_cpu_max", value: quota?.text, reason: noQuota),
      MachineFact(name: "cpu_quota_cpus", value: quota.map { "\($0.cpus)" }, reason: noQuota),
      MachineFact(name: "memory_limit_bytes", value: memory.map { "\($0.bytes)" }, reason: noLimit),
      MachineFact(name: "memory_limited_by", value: memory?.limit, reason: noLimit),
    ]
  }

  /// The boot parameters that change performance. The rest of the command line is private and is not recorded.
  private func kernelParameters() -> MachineFact {
    let relevant = [
      "isolcpus", "nohz_full", "rcu_nocbs", "mitigations", "transparent_hugepage", "hugepages", "hugepagesz",
      "default_hugepagesz", "numa", "numa_balancing", "amd_pstate", "intel_pstate", "intel_idle.max_cstate",
      "processor.max_cstate", "idle", "nosmt", "maxcpus", "tsc", "clocksource", "iommu", "amd_iommu", "intel_iommu",
    ]
    let words = files.text("proc/cmdline")?.split(separator: " ").map(String.init)
    let kept = words?.filter { word in relevant.contains { word == $0 || word.hasPrefix("\($0)=") } }
    return MachineFact(name: "kernel_parameters", value: kept?.joined(separator: " "), reason: "no /proc/cmdline")
  }

  func power() -> [MachineFact] {
    let hidden = "no cpufreq in sysfs: a virtual machine, or no driver"
    let boost =
      files.text("sys/devices/system/cpu/cpufreq/boost")
      ?? files.text("sys/devices/system/cpu/intel_pstate/no_turbo").map { $0 == "0" ? "1" : "0" }
    return [
      perCPU("governor", "scaling_governor", reason: hidden),
      perCPU("frequency_driver", "scaling_driver", reason: hidden),
      perCPU("frequency_min_khz", "scaling_min_freq", reason: hidden),
      perCPU("frequency_max_khz", "scaling_max_freq", reason: hidden),
      MachineFact(name: "boost", value: boost, reason: hidden),
      fromFile("smt", "sys/devices/system/cpu/smt/control"),
    ]
  }

  func memory() -> [MachineFact] {
    [
      MachineFact(
        name: "thp_enabled", value: choice("sys/kernel/mm/transparent_hugepage/enabled"),
        reason: "the kernel has no transparent huge pages"),
      MachineFact(
        name: "thp_defrag", value: choice("sys/kernel/mm/transparent_hugepage/defrag"),
        reason: "the kernel has no transparent huge pages"),
      fromFile("numa_balancing", "proc/sys/kernel/numa_balancing"),
      fromFile("huge_pages_reserved", "proc/sys/vm/nr_hugepages"),
      kilobytes("memory_total_bytes", "MemTotal"),
      // The part that this process may use, by which points are skipped.
      MachineFact(
        name: "memory_available_bytes", value: AvailableMemory.read(root: files.root).map { "\($0.bytes)" },
        reason: "no 'MemAvailable' in /proc/meminfo"),
    ]
  }

  func observation() -> [MachineFact] {
    [
      fromFile("perf_event_paranoid", "proc/sys/kernel/perf_event_paranoid"),
      fromFile("nmi_watchdog", "proc/sys/kernel/nmi_watchdog"),
      MachineFact(
        name: "load_average_1min",
        value: files.text("proc/loadavg")?.split(separator: " ").first.map(String.init),
        reason: "no /proc/loadavg"),
    ]
  }

  private func fromFile(_ name: String, _ path: String, reason: String? = nil) -> MachineFact {
    MachineFact(name: name, value: files.text(path), reason: reason ?? "no /\(path)")
  }

  private func perCPU(_ name: String, _ setting: String, reason: String) -> MachineFact {
    MachineFact(name: name, value: PerCPUSetting(cpufreq: setting, of: cpus, files).text, reason: reason)
  }

  private func fromCPUInfo(_ name: String, _ key: String) -> MachineFact {
    MachineFact(
      name: name, value: files.field(key, in: "proc/cpuinfo"), reason: "no '\(key)' in /proc/cpuinfo")
  }

  private func kilobytes(_ name: String, _ key: String) -> MachineFact {
    MachineFact(
      name: name, value: files.kilobytesField(key, in: "proc/meminfo").map(String.init),
      reason: "no '\(key)' in /proc/meminfo")
  }

  /// The selected word of `always [madvise] never`.
  private func choice(_ path: String) -> String? {
    guard let text = files.text(path), let open = text.firstIndex(of: "["), let close = text.firstIndex(of: "]"),
      open < close
    else { return nil }
    return String(text[text.index(after: open)..<close])
  }
}
