import Support

extension Topology {
  /// Reads the topology of the machine whose `/sys` and `/proc` lie under `root`.
  ///
  /// A missing file is no error: an assumption (one package, one node) takes its place and is named in `notes`.
  public static func read(root: String = "/") -> Topology {
    var reader = TopologyReader(files: SystemFiles(root: root))
    return reader.read()
  }
}

private struct TopologyReader {
  let files: SystemFiles
  private var notes: [String] = []

  init(files: SystemFiles) {
    self.files = files
  }

  mutating func read() -> Topology {
    let online = onlineCPUs()
    let nodes = readNodes(online: online)
    let packages = readPackages(online: online)
    let (cores, threads) = readCores(online: online, packages: packages)
    let caches = readCaches(online: online, packages: packages, cores: cores)
    let clusters = clusters(online: online, caches: caches, packages: packages)

    let clusterOf = owners(of: clusters.map { ($0.id, $0.cpus) })
    let nodeOf = owners(of: nodes.map { ($0.id, $0.cpus) })
    let cpus = online.map { cpu in
      Topology.LogicalCPU(
        id: cpu,
        package: packages[cpu] ?? 0,
        cluster: clusterOf[cpu] ?? 0,
        core: cores[cpu] ?? cpu,
        thread: threads[cpu] ?? 0,
        node: nodeOf[cpu])
    }
    let allowedNodes = files.field("Mems_allowed_list", in: "proc/self/status").flatMap { parseCPUList($0) }
    let nodesWithMemory = nodes.filter { $0.memoryBytes != 0 }.map(\.id)
    return Topology(
      cpus: cpus,
      clusters: clusters,
      nodes: nodes,
      caches: caches,
      allowedCPUs: allowedCPUs(online: online),
      allowedNodes: allowedNodes.map { allowed in nodesWithMemory.filter(allowed.contains) } ?? nodesWithMemory,
      notes: notes)
  }

  /// The group of each CPU; the first one where broken files list it in several.
  private func owners(of groups: [(id: Int, cpus: [Int])]) -> [Int: Int] {
    var owners: [Int: Int] = [:]
    for group in groups { for cpu in group.cpus where owners[cpu] == nil { owners[cpu] = group.id } }
    return owners
  }

  private mutating func onlineCPUs() -> [Int] {
    if let online = files.cpuList("sys/devices/system/cpu/online"), !online.isEmpty { return online }
    let present = files.numbered("sys/devices/system/cpu", prefix: "cpu")
    if present.isEmpty, let allowed = allowedMask(), !allowed.isEmpty {
      notes.append("no CPUs in sysfs; assumed those that this process may use")
      return allowed
    }
    notes.append("no list of online CPUs; assumed every CPU that has a directory")
    return present.isEmpty ? [0] : present
  }

  /// The main thread's mask, not the calling thread's, because a worker's own pinning says nothing about the machine.
  /// Nil where neither /proc nor, for this machine, the kernel reports it.
  private func allowedMask() -> [Int]? {
    if let list = files.field("Cpus_allowed_list", in: "proc/self/status") { return parseCPUList(list) }
    guard files.root == "/" else { return nil }
    let mask = processAffinity()
    return mask.isEmpty ? nil : mask
  }

  private mutating func allowedCPUs(online: [Int]) -> [Int] {
    guard let allowed = allowedMask() else {
      notes.append("no allowed CPU mask; assumed every online CPU")
      return online
    }
    return online.filter(Set(allowed).contains)
  }

  private mutating func readPackages(online: [Int]) -> [Int: Int] {
    var packages: [Int: Int] = [:]
    for cpu in online {
      // Some virtual machines and Arm boards report -1, which means unknown.
      if let id = files.int("sys/devices/system/cpu/cpu\(cpu)/topology/physical_package_id"), id >= 0 {
        packages[cpu] = id
      }
    }
    if packages.count < online.count { notes.append("package numbers are missing; assumed package 0") }
    return packages
  }

  /// Cores numbered over the machine, and each CPU's place among the hardware threads of its core.
  private mutating func readCores(online: [Int], packages: [Int: Int]) -> (cores: [Int: Int], threads: [Int: Int]) {
    var cores: [Int: Int] = [:]
    var threads: [Int: Int] = [:]
    var isMissing = false
    let isOnline = Set(online)
    var core = -1
    for cpu in online where cores[cpu] == nil {
      let directory = "sys/devices/system/cpu/cpu\(cpu)/topology"
      let siblings =
        files.cpus(list: "\(directory)/core_cpus_list", orMask: "\(directory)/core_cpus")
        ?? files.cpus(list: "\(directory)/thread_siblings_list", orMask: "\(directory)/thread_siblings")
      if siblings == nil { isMissing = true }
      core += 1
      for (thread, sibling) in (siblings ?? [cpu]).filter(isOnline.contains).enumerated() {
        cores[sibling] = core
        threads[sibling] = thread
      }
      // A list that does not name its own CPU is broken; that CPU then counts as a core of its own.
      if cores[cpu] == nil { (cores[cpu], threads[cpu]) = (core, 0) }
    }
    if isMissing { notes.append("SMT siblings are missing; assumed one hardware thread per core") }
    return (cores, threads)
  }

  private mutating func readCaches(
    online: [Int], packages: [Int: Int], cores: [Int: Int]
  ) -> [Topology.Cache] {
    var caches: [Topology.Cache] = []
    var isIncomplete = false
    /// Cache levels for which the kernel does not report the sharing CPUs.
    var unknownSharing: Set<Int> = []
    let isOnline = Set(online)
    var seen: Set<[String]> = []
    for cpu in online {
      let directory = "sys/devices/system/cpu/cpu\(cpu)/cache"
      for index in files.numbered(directory, prefix: "index") {
        let entry = "\(directory)/index\(index)"
        guard let level = files.int("\(entry)/level"), let type = files.text("\(entry)/type") else { continue }
        let stated = files.cpus(list: "\(entry)/shared_cpu_list", orMask: "\(entry)/shared_cpu_map")
        if stated == nil { unknownSharing.insert(level) }
        // Assuming a cache per CPU would give the machine far more cache than it has.
        let assumed = online.filter { other in
          level < 3 ? cores[other] == cores[cpu] : (packages[other] ?? 0) == (packages[cpu] ?? 0)
        }
        let shared = stated?.filter(isOnline.contains) ?? assumed
        guard seen.insert(["\(level)", type, formatCPUList(shared)]).inserted else { continue }
        // 0 ways or sets mean that the kernel does not know them.
        let cache = Topology.Cache(
          level: level,
          type: type,
          sizeBytes: files.text("\(entry)/size").flatMap(parseKernelSize),
          ways: files.int("\(entry)/ways_of_associativity").flatMap { $0 > 0 ? $0 : nil },
          lineBytes: files.int("\(entry)/coherency_line_size").flatMap { $0 > 0 ? $0 : nil },
          sets: files.int("\(entry)/number_of_sets").flatMap { $0 > 0 ? $0 : nil },
          sharedCPUs: shared)
        if cache.sizeBytes == nil || cache.ways == nil { isIncomplete = true }
        caches.append(cache)
      }
    }
    if caches.isEmpty { notes.append("no cache descriptions") }
    if isIncomplete { notes.append("some caches have no size or associativity") }
    for level in unknownSharing.sorted() {
      notes.append(
        "who shares an L\(level) cache is unknown; assumed one for each \(level < 3 ? "core" : "package")")
    }
    return caches.sorted {
      ($0.level, $0.type, $0.sharedCPUs.first ?? 0) < ($1.level, $1.type, $1.sharedCPUs.first ?? 0)
    }
  }

  /// The sets of CPUs behind one L3; whole packages where the machine describes no L3.
  private mutating func clusters(
    online: [Int], caches: [Topology.Cache], packages: [Int: Int]
  ) -> [Topology.CacheCluster] {
    let lastLevel = caches.filter { $0.level == 3 }
    var groups = lastLevel.map { (cpus: $0.sharedCPUs, bytes: $0.sizeBytes) }
    let covered = Set(groups.flatMap(\.cpus))
    let rest = online.filter { !covered.contains($0) }
    if !rest.isEmpty {
      notes.append("CPUs without an L3 description; their packages count as clusters")
      for package in Set(rest.map { packages[$0] ?? 0 }).sorted() {
        groups.append((rest.filter { (packages[$0] ?? 0) == package }, nil))
      }
    }
    return groups.sorted { ($0.cpus.first ?? 0) < ($1.cpus.first ?? 0) }.enumerated().map { id, group in
      Topology.CacheCluster(
        id: id, package: packages[group.cpus.first ?? 0] ?? 0, cpus: group.cpus, cacheBytes: group.bytes)
    }
  }

  private mutating func readNodes(online: [Int]) -> [Topology.MemoryNode] {
    let ids = files.numbered("sys/devices/system/node", prefix: "node")
    if ids.isEmpty {
      notes.append("no NUMA nodes in sysfs; the machine counts as one node")
      return []
    }
    let isOnline = Set(online)
    return ids.map { id in
      let directory = "sys/devices/system/node/node\(id)"
      let distances = files.text("\(directory)/distance")?.split(separator: " ").compactMap { Int($0) }
      return Topology.MemoryNode(
        id: id,
        cpus: (files.cpus(list: "\(directory)/cpulist", orMask: "\(directory)/cpumap") ?? []).filter(isOnline.contains),
        memoryBytes: files.kilobytesField("MemTotal", in: "\(directory)/meminfo"),
        distances: distances ?? [])
    }
  }
}

/// Sizes in sysfs: `48K`, `1024K`, `32M`.
private func parseKernelSize(_ text: String) -> Int? {
  let scale = ["K": 1024, "M": 1024 * 1024, "G": 1024 * 1024 * 1024][String(text.suffix(1))]
  guard let number = Int(scale == nil ? text : String(text.dropLast())), number > 0 else { return nil }
  return checkedProduct(number, scale ?? 1)
}
