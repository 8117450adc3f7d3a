import InputFiles

// What this machine lets a process decide about the places of its threads and pages.
extension Diagnosis {
  static func numa(_ topology: Topology) -> Item {
    let several = "compare placements on a machine of several memory nodes (NPS or SNC in the firmware can make some)"
    switch topology.nodes.count {
    case 0: return Item("numa", .degraded, "the kernel exposes no NUMA nodes; the machine counts as one", fix: several)
    case 1: return Item("numa", .degraded, "one memory node: placements cannot differ", fix: several)
    default: return Item("numa", .ok, "\(topology.nodes.count) memory nodes")
    }
  }

  /// What the cgroup and the affinity mask leave of the machine.
  static func cpuset(_ files: SystemFiles, _ topology: Topology) -> Item {
    let online = topology.cpus.map(\.id)
    let nodes = topology.nodes.filter { $0.memoryBytes != 0 }.map(\.id)
    guard topology.allowedCPUs != online || topology.allowedNodes != nodes else {
      return Item("cpuset", .ok, "all CPUs and memory nodes allowed")
    }
    let left =
      "CPUs \(formatCPUList(topology.allowedCPUs)) of \(formatCPUList(online)) and memory nodes "
      + "\(formatCPUList(topology.allowedNodes)) of \(formatCPUList(nodes)) allowed"
    let cgroup = files.cgroup(controller: "cpuset")
    let granted = cgroup.flatMap {
      files.cpuList("\($0)/cpuset.cpus.effective") ?? files.cpuList("\($0)/cpuset.effective_cpus")
    }
    guard let cgroup, let granted, granted != online || topology.allowedNodes != nodes else {
      return Item(
        "cpuset", .degraded, "\(left), by the affinity mask",
        fix: "start without taskset or numactl, or ask the batch system for more CPUs")
    }
    return Item(
      "cpuset", .degraded, "\(left), by the cgroup /\(cgroup)",
      fix: "widen its cpuset.cpus and cpuset.mems (docker --cpuset-cpus, --cpuset-mems; the batch system's request)")
  }

  /// A share of CPU time stops threads in the middle of a sample.
  static func cpuQuota(_ files: SystemFiles, _ topology: Topology) -> Item {
    let cgroup = files.cgroup(controller: "cpu")
    // Version 2: `200000 100000`, or `max 100000`; version 1 has a file for each, and -1 for no limit.
    let parts =
      cgroup.flatMap { files.text("\($0)/cpu.max") }?.split(separator: " ").compactMap { Double($0) }
      ?? ["cpu.cfs_quota_us", "cpu.cfs_period_us"].compactMap { name in
        cgroup.flatMap { files.int("\($0)/\(name)") }.map(Double.init)
      }
    guard parts.count == 2, parts[0] > 0, parts[1] > 0 else { return Item("cpu_quota", .ok, "no limit of CPU time") }
    let cpus = parts[0] / parts[1]
    let text = "the cgroup gives the time of \(cpus) CPUs, \(topology.allowedCPUs.count) are allowed"
    return cpus >= Double(topology.allowedCPUs.count)
      ? Item("cpu_quota", .ok, text)
      : Item(
        "cpu_quota", .degraded, "\(text): threads are stopped in the middle of samples",
        fix: "lift the limit (docker --cpus; cpu.max, cpu.cfs_quota_us), or allow as few CPUs (docker --cpuset-cpus)")
  }

  /// What may be allocated before the kernel ends the process.
  static func memory(_ files: SystemFiles) -> Item {
    guard let available = files.kilobytesField("MemAvailable", in: "proc/meminfo") else {
      return Item(
        "memory", .degraded, "the kernel does not say how much is available: large points are not skipped but killed",
        fix: "mount /proc")
    }
    let text = "\(formatByteCount(available)) available"
    let limit = files.cgroup(controller: "memory").flatMap {
      files.int("\($0)/memory.max") ?? files.int("\($0)/memory.limit_in_bytes")
    }
    guard let limit, limit < available else { return Item("memory", .ok, text) }
    return Item(
      "memory", .degraded, "\(text), and the cgroup allows \(formatByteCount(limit)): points beyond it are killed",
      fix: "raise the limit (docker --memory; the batch system's request), or keep tables below it")
  }

  static func mbind(_ topology: Topology) -> Item {
    // Binding to a node that we may use is harmless even where there is only one.
    guard let node = topology.allowedNodes.first, !topology.nodes.isEmpty else {
      return Item(
        "mbind", .unavailable, "the kernel exposes no memory nodes to bind to", fix: "boot a kernel with CONFIG_NUMA")
    }
    return examine("mbind") {
      let memory = try PlacedMemory(bytes: 1 << 20, policy: .node(node), topology: topology)
      return memory.notes.isEmpty
        ? Item("mbind", .ok, "memory can be bound to a node")
        : Item("mbind", .unavailable, memory.notes.joined(separator: "; "), fix: placementAdvice)
    }
  }

  static func movePages(_ topology: Topology) -> Item {
    examine("move_pages") {
      let memory = try PlacedMemory(bytes: 1 << 20, topology: topology)
      try memory.touch()
      let report = memory.verify()
      if report.notes.isEmpty {
        return Item("move_pages", .ok, "the kernel says where pages lie: \(report.pagesPerNodeText)")
      }
      return Item(
        "move_pages", report.pagesPerNode == nil ? .unavailable : .degraded, report.notes.joined(separator: "; "),
        fix: placementAdvice)
    }
  }

  private static func examine(_ name: String, _ examination: () throws -> Item) -> Item {
    do { return try examination() } catch {
      return Item(name, .unavailable, "\(error)", fix: "free some memory, then run doctor again")
    }
  }

  static func transparentHugePages(_ files: SystemFiles, _ topology: Topology) -> Item {
    let name = "transparent_huge_pages"
    let setting = files.text("sys/kernel/mm/transparent_hugepage/enabled") ?? "no such setting"
    let fix = "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"
    guard let memory = try? PlacedMemory(bytes: 4 << 20, pages: .transparentHuge, topology: topology),
      (try? memory.touch()) != nil
    else { return Item(name, .unavailable, "no memory could be mapped (\(setting))", fix: "free some memory") }
    return memory.verify().obtainedPages == .transparentHuge
      ? Item(name, .ok, "obtained on request (\(setting))")
      : Item(name, .unavailable, "asked for and not obtained (\(setting))", fix: fix)
  }

  static func hugePages(_ files: SystemFiles, _ topology: Topology) -> Item {
    let name = "huge_pages"
    guard let free = files.field("HugePages_Free", in: "proc/meminfo").flatMap({ Int($0) }) else {
      return Item(name, .unavailable, "the kernel has no hugetlb pages", fix: "boot a kernel with CONFIG_HUGETLBFS")
    }
    guard free > 0 else {
      return Item(
        name, .unavailable, "no reserved hugetlb page is free; points that ask for them are skipped",
        fix: "sudo sysctl vm.nr_hugepages=512")
    }
    // The default size's directory; other sizes have theirs beside it.
    let kilobytes = (files.kilobytesField("Hugepagesize", in: "proc/meminfo") ?? 2 << 20) / 1024
    func pool(_ node: Int) -> String { "sys/devices/system/node/node\(node)/hugepages/hugepages-\(kilobytes)kB" }
    let perNode = topology.allowedNodes.map { (node: $0, free: files.int("\(pool($0))/free_hugepages")) }
    let text = "\(free) reserved hugetlb pages are free"
    guard let empty = perNode.first(where: { $0.free == 0 })?.node else { return Item(name, .ok, text) }
    return Item(
      name, .degraded, "\(text), none on node \(empty): points that ask for them there are skipped",
      fix: "echo 512 | sudo tee /\(pool(empty))/nr_hugepages")
  }

  static func numaBalancing(_ files: SystemFiles) -> Item {
    switch files.text("proc/sys/kernel/numa_balancing") {
    case nil: return Item("numa_balancing", .ok, "the kernel has no automatic NUMA balancing")
    case "0": return Item("numa_balancing", .ok, "off: pages stay where they are put")
    case let value?:
      return Item(
        "numa_balancing", .degraded, "on (\(value)): the kernel may move pages during a measurement",
        fix: "sudo sysctl kernel.numa_balancing=0")
    }
  }
}

extension SystemFiles {
  /// The directory of this process's cgroup that holds the files of `controller`; nil where there is none.
  fileprivate func cgroup(controller: String) -> String? {
    // Version 1 has a hierarchy for each controller, `4:cpu,cpuacct:/path`; version 2 one for all, `0::/path`. Inside a
    // container the path may be the host's, which is not mounted there.
    let lines = (text("proc/self/cgroup")?.split(separator: "\n") ?? []).map {
      $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
    }.filter { $0.count == 3 }
    var candidates: [String] = []
    if let own = lines.first(where: { $0[1].split(separator: ",").contains { $0 == controller } }) {
      candidates += ["sys/fs/cgroup/\(controller)\(own[2])", "sys/fs/cgroup/\(controller)"]
    }
    if let unified = lines.first(where: { $0[1].isEmpty }) {
      candidates += ["sys/fs/cgroup\(unified[2])", "sys/fs/cgroup"]
    }
    return candidates.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
      .first { !names($0).filter { $0.hasPrefix("\(controller).") }.isEmpty }
  }
}
