/// How the threads of a run are assigned to CPUs of the mask that the process may use.
public enum CPUPlacement: Hashable, Sendable {
  /// Neighbouring cores first: fills an L3 cluster, then a memory node, then a package.
  case compact
  /// As far apart as possible: one core per package, then per memory node, then per L3 cluster, in turn.
  case scatter
  /// One core per L3 cluster: every thread has a last-level cache to itself.
  case onePerL3
  /// These CPUs, in this order.
  case list([Int])
}

/// Which NUMA node the pages of an array lie on. The array is cut into one part per worker, at page boundaries.
public enum MemoryPolicy: Hashable, Sendable {
  /// Each worker's part on the worker's own node, bound there.
  case local
  /// Each worker's part on the node farthest from the worker's, bound there.
  case remote
  /// Each worker's part where that worker touches it first: the kernel's own policy, which goes to another node when one
  /// is full.
  case firstTouch
  /// Round robin over all nodes that have CPUs, page by page.
  case interleave
  /// All pages on this node, which need not have CPUs.
  case node(Int)
  /// A copy of the data that all workers read on every node that has a worker; all other data as with `local`.
  case replicated
}

/// The pages that back an array.
public enum PageKind: String, CaseIterable, Codable, Sendable {
  case base = "4k"
  case transparentHuge = "thp"
  case huge = "hugetlb"
}

extension CPUPlacement: CustomStringConvertible {
  /// The values that `init(_:)` accepts, for messages.
  public static let vocabulary = "compact, scatter, l3 or a list of CPUs such as 0,2,4-7"

  public init?(_ text: String) {
    switch text {
    case "compact": self = .compact
    case "scatter": self = .scatter
    case "l3": self = .onePerL3
    default:
      guard let cpus = parseCPUList(text), !cpus.isEmpty else { return nil }
      self = .list(cpus)
    }
  }

  public var description: String {
    switch self {
    case .compact: return "compact"
    case .scatter: return "scatter"
    case .onePerL3: return "l3"
    case .list(let cpus): return cpus.map(String.init).joined(separator: ",")
    }
  }
}

extension MemoryPolicy: CustomStringConvertible {
  /// The values that `init(_:)` accepts, for messages.
  public static let vocabulary = "local, remote, first-touch, interleave, node:N or replicated"

  private static let named: [(name: String, policy: MemoryPolicy)] = [
    ("local", .local), ("remote", .remote), ("first-touch", .firstTouch), ("interleave", .interleave),
    ("replicated", .replicated),
  ]

  public init?(_ text: String) {
    if let known = Self.named.first(where: { $0.name == text }) {
      self = known.policy
    } else {
      guard text.hasPrefix("node:"), let node = Int(text.dropFirst(5)), node >= 0 else { return nil }
      self = .node(node)
    }
  }

  public var description: String {
    if case .node(let node) = self { return "node:\(node)" }
    return Self.named.first { $0.policy == self }?.name ?? ""
  }
}

/// Parses the kernel's mask format: groups of 32 bits in hexadecimal, the highest first, `00000000,000000ff`. Nil where the
/// text is not such a mask, or stands for no CPU.
func parseCPUMask(_ text: String) -> [Int]? {
  // The number of groups is bounded as that of a list's CPUs is.
  let groups = text.split(separator: ",", omittingEmptySubsequences: false)
  guard groups.count <= 1_000_000 / 32 else { return nil }
  var cpus: [Int] = []
  for (index, group) in groups.reversed().enumerated() {
    guard (1...8).contains(group.count), let bits = UInt32(group, radix: 16) else { return nil }
    cpus += (0..<32).filter { bits >> $0 & 1 == 1 }.map { index * 32 + $0 }
  }
  return cpus.isEmpty ? nil : cpus
}

/// Parses the kernel's list format, `0-3,8,10-11`. Nil where the text is not such a list; empty text is an empty list.
///
/// Numbers of a million and more are refused: no kernel has so many CPUs or nodes, and a typing error such as
/// `0-1000000000` must not fill the memory.
public func parseCPUList(_ text: String) -> [Int]? {
  let limit = 1_000_000
  var cpus: [Int] = []
  for part in text.split(separator: ",") {
    let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    switch (ends.count, ends.first ?? nil, ends.last ?? nil) {
    case (1, let cpu?, _) where (0..<limit).contains(cpu): cpus.append(cpu)
    case (2, let low?, let high?) where 0 <= low && low <= high && high < limit: cpus.append(contentsOf: low...high)
    default: return nil
    }
  }
  return cpus
}
