/// The control groups that contain this process, with every limit that they and the groups above them set.
///
/// A limit of any group from the process's own up to the mount applies, so the smallest one decides. Kubernetes,
/// systemd slices and Slurm all set theirs on a group above the process's own.
struct ControlGroups {
  let files: SystemFiles

  /// A group in the hierarchy of one controller.
  struct Group {
    /// The name as /proc/self/cgroup has it, such as `/kubepods/pod7`.
    var name: String
    /// The folder of its files, relative to the root of the file system.
    var folder: String
    var version: Version
  }

  enum Version { case first, second }

  /// The process's own group of `controller` and all groups above it, the own group first, in the hierarchies of both
  /// versions where both are mounted. Empty where none is mounted at its standard place.
  func groups(of controller: String) -> [Group] {
    // Version 1 has one hierarchy for one or several controllers, `4:cpu,cpuacct:/path`; version 2 has one for all,
    // `0::/path`.
    let lines = (files.text("proc/self/cgroup") ?? "").split(separator: "\n").map {
      $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
    }.filter { $0.count == 3 }
    let own = lines.first { $0[1].split(separator: ",").contains(controller[...]) }
    let first = own.flatMap { line in
      firstVersionMounts(of: controller, named: line[1]).lazy.compactMap {
        ancestors(line[2], under: $0, .first)
      }.first
    }
    let unified = lines.first { $0[1].isEmpty }
    let second = unified.flatMap { line in
      // A hybrid system mounts version 2 beside the controllers of version 1.
      ["sys/fs/cgroup", "sys/fs/cgroup/unified"].lazy.filter { files.exists("\($0)/cgroup.procs") || own == nil }
        .compactMap { ancestors(line[2], under: $0, .second) }.first
    }
    return (first ?? []) + (second ?? [])
  }

  /// Where a controller of version 1 may be mounted: under its own name, under those of all controllers of its
  /// hierarchy, or under these in another order.
  private func firstVersionMounts(of controller: String, named names: String) -> [String] {
    let others = files.names("sys/fs/cgroup").filter { $0.split(separator: ",").contains(controller[...]) }
    var mounts: [String] = []
    for name in [controller, names] + others where !mounts.contains(name) { mounts.append(name) }
    return mounts.map { "sys/fs/cgroup/\($0)" }.filter(files.exists)
  }

  /// The group at `path` and all groups above it, up to the mount itself. In a container the path may be the host's,
  /// of which only the last part, or only the group itself as the root, is mounted.
  private func ancestors(_ path: String, under mount: String, _ version: Version) -> [Group]? {
    guard files.exists(mount) else { return nil }
    // `/..` leads to groups above the root of the namespace, which are not mounted.
    let all = path.split(separator: "/").filter { $0 != ".." && $0 != "." }
    let start = all.indices.first { files.exists("\(mount)/\(all[$0...].joined(separator: "/"))") } ?? all.endIndex
    let known = Array(all[start...])
    return stride(from: known.count, through: 0, by: -1).map { length in
      let name = known.prefix(length).map { "/\($0)" }.joined()
      return Group(name: name.isEmpty ? "/" : name, folder: mount + name, version: version)
    }
  }
}

// MARK: - CPU time

/// The CPU time that control groups give this process.
struct CPUQuota: Equatable {
  /// CPUs' worth of time, such as 0.5.
  var cpus: Double
  /// Microseconds of CPU time in each period, and the period, as the group states them.
  var quota: Int
  var period: Int
  var group: String

  /// `50000 100000`, as cpu.max writes it.
  var text: String { "\(quota) \(period)" }
}

extension ControlGroups {
  /// The smallest quota of the process's groups; nil without one.
  var cpuQuota: CPUQuota? {
    groups(of: "cpu").compactMap { group -> CPUQuota? in
      let numbers: [Int?]
      switch group.version {
      // `200000 100000`, or `max 100000`.
      case .second: numbers = (files.text("\(group.folder)/cpu.max") ?? "").split(separator: " ").map { Int($0) }
      // -1 for no limit.
      case .first: numbers = ["quota", "period"].map { files.int("\(group.folder)/cpu.cfs_\($0)_us") }
      }
      guard numbers.count == 2, let quota = numbers[0], let period = numbers[1], quota > 0, period > 0 else {
        return nil
      }
      return CPUQuota(cpus: Double(quota) / Double(period), quota: quota, period: period, group: group.name)
    }.min { $0.cpus < $1.cpus }
  }
}

// MARK: - Memory

extension ControlGroups {
  /// The total that a memory limit allows, and the part of it that is left.
  struct MemoryLimit: Equatable {
    var bytes: Int
    var left: Int
    var group: String
  }

  /// The limits of all groups that have one, followed by version 1's limit of all groups together, some of which a
  /// container does not see.
  var memoryLimits: [MemoryLimit] {
    let groups = groups(of: "memory")
    let together = groups.filter { $0.version == .first }.compactMap { group -> MemoryLimit? in
      let text = files.field("hierarchical_memory_limit", in: "\(group.folder)/memory.stat", separator: " ")
      return limit(text.flatMap { Int($0) }, of: group)
    }
    return groups.flatMap { group in
      switch group.version {
      // Beyond memory.high the kernel slows a process down until it frees memory, which a benchmark cannot do.
      case .second: ["memory.max", "memory.high"].compactMap { limit(files.int("\(group.folder)/\($0)"), of: group) }
      case .first: [limit(files.int("\(group.folder)/memory.limit_in_bytes"), of: group)].compactMap { $0 }
      }
    } + together
  }

  /// Nil for no limit: `max` is not a number, and version 1 writes a number beyond any memory.
  private func limit(_ bytes: Int?, of group: Group) -> MemoryLimit? {
    guard let bytes, (0..<1 << 60).contains(bytes) else { return nil }
    let isFirst = group.version == .first
    let usage = files.int("\(group.folder)/\(isFirst ? "memory.usage_in_bytes" : "memory.current")") ?? 0
    // Cached files can be dropped, so they do not count.
    let cached = files.field(
      isFirst ? "total_inactive_file" : "inactive_file", in: "\(group.folder)/memory.stat", separator: " ")
    let used = max(0, usage - (cached.flatMap { Int($0) } ?? 0))
    return MemoryLimit(bytes: bytes, left: max(0, bytes - used), group: group.name)
  }
}
