import CLinux
import Foundation
import Support

extension Diagnosis {
  /// Examines this machine in well under a second. It never fails: a capability that cannot be examined is
  /// `unavailable`.
  ///
  /// Clears library variables from the process before it looks for BLAS libraries, as a run does.
  public static func run(root: String = "/", backend: any CounterBackend = LibPFMBackend()) -> Diagnosis {
    let files = SystemFiles(root: root)
    let topology = Topology.read(root: root)
    return Diagnosis(
      items: [
        build(), virtualMachine(files), load(files), instructionSets(), cores(topology),
        coreKinds(files, topology), perfEvents(files), hardwareCounters(backend), softwareCounters(backend),
        counterSelfCheck(backend, root: root),
        eventTables(root: root), counterTopics(backend, root: root), memoryTraffic(backend, root: root),
        valgrind(topology), numa(topology), cpuset(files, topology), cpuQuota(files, topology), memory(files),
        mbind(topology),
        movePages(topology),
        transparentHugePages(files, topology), hugePages(files, topology), numaBalancing(files), clockSource(files),
        governor(files, topology), watchdog(files), libraryVariables(), blas(),
        plots(),
      ])
  }

  // MARK: - The program and the CPU

  static func build(_ configuration: BuildConfiguration = .current) -> Item {
    switch configuration {
    case .release: return Item("build", .ok, "release build")
    case .debug:
      return Item(
        "build", .degraded, "debug build: loops are not optimised, so benchmarks are refused",
        fix: "swift build -c release")
    }
  }

  static func virtualMachine(_ files: SystemFiles) -> Item {
    let name = "virtual_machine"
    // Only x86 states it there. On Arm a hypervisor shows in the device tree or the firmware's tables, if at all.
    let isVirtual = files.field("flags", in: "proc/cpuinfo")?.split(separator: " ").contains("hypervisor")
    guard isVirtual == true else {
      return Item(name, .ok, isVirtual == nil ? "this architecture does not say" : "no hypervisor")
    }
    return Item(
      name, .degraded, "a virtual machine: neighbours may share its caches, memory bandwidth and clock, unseen",
      fix: "use bare metal or a host of its own; here compare points of one run and quote ratios")
  }

  /// The load of other programs now. Half a busy CPU takes a tenth or more of a small machine's bandwidth.
  static func load(_ files: SystemFiles) -> Item {
    guard let average = files.text("proc/loadavg")?.split(separator: " ").first.flatMap({ Double($0) }) else {
      return Item("load", .degraded, "the kernel does not say what else is running", fix: "mount /proc")
    }
    let text = "\(average) threads ran or waited to run on average over the last minute"
    return average < 0.5
      ? Item("load", .ok, text)
      : Item(
        "load", .degraded, "\(text): times will vary",
        fix: "end other programs (ps aux --sort=-%cpu), or wait until they have ended")
  }

  static func instructionSets() -> Item {
    let available = VectorPath.available.map(\.rawValue).joined(separator: ", ")
    return VectorPath.widest == .baseline
      ? Item(
        "instruction_sets", .degraded, "only baseline vectors: neither AVX2 nor AVX-512",
        fix: "use a CPU that has them, or let the hypervisor pass its CPU's features through")
      : Item("instruction_sets", .ok, "vector paths: \(available)")
  }

  static func cores(_ topology: Topology) -> Item {
    let allowed = Set(topology.allowedCPUs)
    let cores = Set(topology.cpus.filter { allowed.contains($0.id) }.map(\.core)).count
    let text = "\(allowed.count) of \(topology.cpus.count) CPUs allowed, on \(cores) physical cores"
    return cores > 1
      ? Item("cores", .ok, text)
      : Item("cores", .degraded, "\(text): no thread scaling can be measured", fix: "allow more CPUs (taskset, cpuset)")
  }

  /// Whether all CPUs that may be used are of one kind, since threads on slower cores take longer.
  static func coreKinds(_ files: SystemFiles, _ topology: Topology) -> Item {
    let kinds = CoreKinds(files, topology.allowedCPUs)
    return kinds.groups.count < 2
      ? Item("core_kinds", .ok, kinds.groups.isEmpty ? "the kernel tells no kinds of cores apart" : "all of one kind")
      : Item(
        "core_kinds", .degraded,
        kinds.texts.joined(separator: "; ") + ": a pass of several threads waits for the slowest kind",
        fix: "allow one kind (taskset -c), or name its CPUs in the experiment (cpus: 0-7)")
  }

  // MARK: - Time

  static func clockSource(_ files: SystemFiles) -> Item {
    let source = files.text("sys/devices/system/clocksource/clocksource0/current_clocksource")
    // These are read in user mode; others need a system call, which takes about a microsecond.
    let fast = ["tsc", "arch_sys_counter", "kvm-clock", "hyperv_clocksource_tsc_page"]
    let overhead = "reading takes \(Int(Clock.measuredOverhead())) ns"
    guard let source else {
      return Item("clock_source", .degraded, "not visible; \(overhead)", fix: "mount /sys (a container may hide it)")
    }
    return fast.contains(source)
      ? Item("clock_source", .ok, "\(source); \(overhead)")
      : Item("clock_source", .degraded, "\(source) is slow; \(overhead)", fix: "boot with clocksource=tsc")
  }

  /// Covers the CPUs that this process may use, since each has its own governor.
  static func governor(_ files: SystemFiles, _ topology: Topology) -> Item {
    let name = "frequency_governor"
    let governors = PerCPUSetting(cpufreq: "scaling_governor", of: topology.allowedCPUs, files)
    guard governors.text != nil else {
      return Item(
        name, .degraded,
        "no cpufreq in sysfs (a virtual machine, or no driver): the clock is measured, not controlled",
        fix: "on bare metal load the CPU's cpufreq driver; inside a virtual machine the host decides")
    }
    let list = governors.texts.joined(separator: "; ")
    guard governors.groups.allSatisfy({ $0.value == "performance" }) else {
      return Item(
        name, .degraded, "\(list): the clock follows the load",
        fix: "sudo cpupower --cpu \(formatCPUList(topology.allowedCPUs)) frequency-set --governor performance")
    }
    guard governors.missing.isEmpty else {
      return Item(
        name, .degraded, "\(list); \(PerCPUSetting.name(governors.missing)): unknown",
        fix: "load the cpufreq driver for all CPUs, or allow those that have one (taskset)")
    }
    return Item(name, .ok, list)
  }

  static func watchdog(_ files: SystemFiles) -> Item {
    switch files.text("proc/sys/kernel/nmi_watchdog") {
    case "1":
      return Item(
        "nmi_watchdog", .degraded, "on: it may occupy one hardware counter", fix: "sudo sysctl kernel.nmi_watchdog=0")
    case nil: return Item("nmi_watchdog", .ok, "the kernel has none")
    default: return Item("nmi_watchdog", .ok, "off")
    }
  }

  // MARK: - Libraries and tools

  static func libraryVariables(
    _ variables: [LibraryVariables.Variable] = LibraryVariables.found()
  ) -> Item {
    let found = variables.map { "\($0.name)=\($0.value)" }
    return found.isEmpty
      ? Item("library_variables", .ok, "none set")
      : Item(
        "library_variables", .degraded,
        "\(found.joined(separator: " ")): runs clear these before a library loads; other programs are steered by them",
        fix: "unset them")
  }

  static func blas(canLoad: Bool = linux_can_load_libraries()) -> Item {
    guard canLoad else {
      return Item(
        "blas", .unavailable, "this executable is static and cannot load libraries: no dense baseline",
        fix: "build it without -static-executable")
    }
    LibraryVariables.clear()
    let candidates = ["libopenblas.so.0", "libblis.so.4", "libdnnl.so.2", "libdnnl.so.3", "libmkl_rt.so.2"]
    let found = candidates.filter { name in
      // The library stays loaded: OpenBLAS has started threads, which do not survive unloading.
      dlopen(name, RTLD_NOW | RTLD_LOCAL) != nil
    }
    return found.isEmpty
      ? Item(
        "blas", .unavailable, "none of \(candidates.joined(separator: ", ")): no dense baseline",
        fix: "apt-get install libopenblas0-pthread")
      : Item("blas", .ok, found.joined(separator: ", "))
  }

  static func plots(path: String = ProcessInfo.processInfo.environment["PATH"] ?? "") -> Item {
    let found = path.split(separator: ":").map { "\($0)/gnuplot" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
    return found.map { Item("plots", .ok, $0) }
      ?? Item(
        "plots", .unavailable, "no gnuplot in PATH: reports come without plots", fix: "apt-get install gnuplot-nox")
  }
}
