import Support

extension Topology {
  /// The CPUs for `threads` threads, thread by thread, all from the allowed mask.
  ///
  /// Every physical core gets one thread before any SMT sibling is used. A list is taken as given, in its order.
  public func cpus(for placement: CPUPlacement, threads: Int) throws -> [Int] {
    guard threads >= 1 else { throw InputError(key: "threads", "expected at least 1 thread, found \(threads)") }
    let order = try order(of: placement)
    guard threads <= order.count else {
      throw NotAvailable(
        key: "threads",
        "expected at most \(order.count) threads for placement '\(placement)' "
          + "\(placement == .onePerL3 ? "(one per L3 cluster; " : "(")allowed CPUs: "
          + "\(formatCPUList(allowedCPUs))), found \(threads)")
    }
    return Array(order.prefix(threads))
  }

  /// The largest number of threads that `placement` has CPUs for; 0 for a list of CPUs that may not be used.
  public func capacity(of placement: CPUPlacement) -> Int {
    (try? order(of: placement).count) ?? 0
  }

  private func order(of placement: CPUPlacement) throws -> [Int] {
    switch placement {
    case .compact: return coresFirst { compactOrder($0) }
    case .scatter: return coresFirst { spread($0, over: [\.package, \.memoryNode, \.cluster]) }
    case .onePerL3: return onePerCluster()
    case .list(let cpus): return try checked(list: cpus)
    }
  }

  /// Applies `order` to the first free hardware thread of every allowed core, then to the second, and so on.
  ///
  /// Only allowed CPUs count: where a core's first thread is not allowed, its sibling is the first.
  private func coresFirst(_ order: ([LogicalCPU]) -> [LogicalCPU]) -> [Int] {
    let allowed = Set(allowedCPUs)
    var rounds: [[LogicalCPU]] = []
    var used: [Int: Int] = [:]
    for cpu in cpus.filter({ allowed.contains($0.id) }).sorted(by: { ($0.thread, $0.id) < ($1.thread, $1.id) }) {
      let round = used[cpu.core, default: 0]
      used[cpu.core] = round + 1
      if round == rounds.count { rounds.append([]) }
      rounds[round].append(cpu)
    }
    return rounds.flatMap(order).map(\.id)
  }

  private func compactOrder(_ cpus: [LogicalCPU]) -> [LogicalCPU] {
    // Nodes come before clusters, because an L3 may span several nodes (Intel's sub-NUMA clusters) or be a part of
    // one (AMD's dies).
    cpus.sorted {
      ($0.package, $0.memoryNode, $0.cluster, $0.core) < ($1.package, $1.memoryNode, $1.cluster, $1.core)
    }
  }

  /// Round robin over the groups of equal first key; within each group, round robin over those of the next key.
  private func spread(_ cpus: [LogicalCPU], over keys: [KeyPath<LogicalCPU, Int>]) -> [LogicalCPU] {
    guard let key = keys.first else { return compactOrder(cpus) }
    let groups = Dictionary(grouping: cpus) { $0[keyPath: key] }.sorted { $0.key < $1.key }.map(\.value)
    return roundRobin(groups.map { spread($0, over: Array(keys.dropFirst())) })
  }

  private func onePerCluster() -> [Int] {
    var taken: Set<Int> = []
    return coresFirst { compactOrder($0) }.filter { id in
      cpu(id).map { taken.insert($0.cluster).inserted } ?? false
    }
  }

  private func checked(list: [Int]) throws -> [Int] {
    let allowed = Set(allowedCPUs)
    if let unknown = list.first(where: { !allowed.contains($0) }) {
      throw NotAvailable(
        key: "cpus", "expected CPUs from the allowed ones (\(formatCPUList(allowedCPUs))), found \(unknown)")
    }
    guard Set(list).count == list.count else { throw InputError(key: "cpus", "expected each CPU once in the list") }
    return list
  }
}

extension Topology.LogicalCPU {
  /// CPUs whose node is not known count as one node.
  fileprivate var memoryNode: Int { node ?? -1 }
}

private func roundRobin<Element>(_ lists: [[Element]]) -> [Element] {
  (0..<(lists.map(\.count).max() ?? 0)).flatMap { turn in lists.compactMap { turn < $0.count ? $0[turn] : nil } }
}

/// Formats ascending numbers in the kernel's list format, `0-3,8`.
public func formatCPUList(_ cpus: [Int]) -> String {
  var runs: [ClosedRange<Int>] = []
  for cpu in cpus {
    if let last = runs.last, last.upperBound + 1 == cpu {
      runs[runs.count - 1] = last.lowerBound...cpu
    } else {
      runs.append(cpu...cpu)
    }
  }
  return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
}
