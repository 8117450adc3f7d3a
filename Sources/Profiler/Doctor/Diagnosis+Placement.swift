import Support

// What this machine allows a process to decide about the places of its threads and pages.
extension Diagnosis {
  static func numa(_ topology: Topology) -> Item {
    let several = "compare placements on a machine of several memory nodes (NPS or SNC in the firmware can make some)"
    switch topology.nodes.count {
    case 0: return Item("numa", .degraded, "the kernel exposes no NUMA nodes; the machine counts as one", fix: several)
    case 1: return Item("numa", .degraded, "one memory node: placements cannot differ", fix: several)
    default: return Item("numa", .ok, "\(topology.nodes.count) memory nodes")
    }
  }

  /// The CPUs and nodes that the cgroup and the affinity mask allow.
  static func cpuset(_ files: SystemFiles, _ topology: Topology) -> Item {
    let online = topology.cpus.map(\.id)
    let nodes = topology.nodes.filter { $0.memoryBytes != 0 }.map(\.id)
    guard topology.allowedCPUs != online || topology.allowedNodes != nodes else {
      return Item("cpuset", .ok, "all CPUs and memory nodes allowed")
    }
    let left =
      "CPUs \(formatCPUList(topology.allowedCPUs)) of \(formatCPUList(online)) and memory nodes "
      + "\(formatCPUList(topology.allowedNodes)) of \(formatCPUList(nodes)) allowed"
    let cgroup = ControlGroups(files: files).groups(of: "cpuset").map(\.folder).first { folder in
      files.names(folder).contains { $0.hasPrefix("cpuset.") }
    }
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

  /// A CPU quota stops threads in the middle of a sample.
  static func cpuQuota(_ files: SystemFiles, _ topology: Topology) -> Item {
    guard let quota = ControlGroups(files: files).cpuQuota else {
      return Item("cpu_quota", .ok, "no limit of CPU time")
    }
    let allowed = topology.allowedCPUs.count
    let text = "control group \(quota.group) gives the time of \(quota.cpus) CPUs, \(allowed) are allowed"
    return quota.cpus >= Double(allowed)
      ? Item("cpu_quota", .ok, text)
      : Item(
        "cpu_quota", .degraded, "\(text): threads are stopped in the middle of samples",
        fix: "lift the limit (docker --cpus; cpu.max, cpu.cfs_quota_us), or allow as few CPUs (docker --cpuset-cpus)")
  }

  /// The memory that may be allocated, by which a run skips points.
  static func memory(_ files: SystemFiles) -> Item {
    guard let available = AvailableMemory.read(root: files.root) else {
      return Item(
        "memory", .degraded, "the kernel does not say how much is available: large points are not skipped but killed",
        fix: "mount /proc")
    }
    let text = "\(formatByteCount(available.bytes)) available to this process by \(available.limit)"
    let machine = files.kilobytesField("MemAvailable", in: "proc/meminfo")
    guard let limit = AvailableMemory.limit(root: files.root), limit.bytes < machine ?? .max else {
      return Item("memory", .ok, text)
    }
    let whole = machine.map { " of \(formatByteCount($0)) that the machine has available" } ?? ""
    return Item(
      "memory", .degraded, "at most \(formatByteCount(limit.bytes))\(whole), by \(limit.limit); \(text)",
      fix: "raise the limit (docker --memory; the batch system's request; ulimit); points that need more are skipped")
  }

  static func mbind(_ topology: Topology) -> Item {
    // Binding to an allowed node is harmless even where there is only one.
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
      : Item(name, .unavailable, "requested and not obtained (\(setting))", fix: fix)
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
