/// Which CPUs the threads of a run are pinned to, taken from the mask that the process is allowed to use.
public enum CPUPlacement: Hashable, Sendable {
  /// Neighbouring cores first: fill an L3 cluster, then a package.
  case compact
  /// As far apart as possible: one core per package, then per L3 cluster, in turn.
  case scatter
  /// These CPUs, in this order.
  case list([Int])
}

/// Which NUMA node the pages of an array lie on.
public enum MemoryPolicy: Hashable, Sendable {
  /// The node of the thread that touches the page first.
  case local
  /// Round robin over all nodes, page by page.
  case interleave
  /// All pages on this node.
  case node(Int)
  /// A copy of what all threads read at random on the node of each thread; everything else is local.
  case replicated
}

/// The pages that back an array.
public enum PageKind: String, CaseIterable, Codable, Sendable {
  case base = "4k"
  case transparentHuge = "thp"
  case huge = "hugetlb"
}

extension CPUPlacement: CustomStringConvertible {
  /// Parses `compact`, `scatter` or a list such as `0,2,4-7`.
  public init?(_ text: String) {
    switch text {
    case "compact": self = .compact
    case "scatter": self = .scatter
    default:
      guard let cpus = parseCPUList(text), !cpus.isEmpty else { return nil }
      self = .list(cpus)
    }
  }

  public var description: String {
    switch self {
    case .compact: return "compact"
    case .scatter: return "scatter"
    case .list(let cpus): return cpus.map(String.init).joined(separator: ",")
    }
  }
}

extension MemoryPolicy: CustomStringConvertible {
  /// Parses `local`, `interleave`, `replicated` or `node:N`.
  public init?(_ text: String) {
    switch text {
    case "local": self = .local
    case "interleave": self = .interleave
    case "replicated": self = .replicated
    default:
      guard text.hasPrefix("node:"), let node = Int(text.dropFirst(5)), node >= 0 else { return nil }
      self = .node(node)
    }
  }

  public var description: String {
    switch self {
    case .local: return "local"
    case .interleave: return "interleave"
    case .node(let node): return "node:\(node)"
    case .replicated: return "replicated"
    }
  }
}

/// Parses the kernel's list format, `0-3,8,10-11`. Nil where the text is not such a list; empty text is an empty list.
///
/// Numbers of a million and more are no list either: no kernel counts so many CPUs or nodes, and a slip such as `0-1e9`
/// without the `e` must not fill the memory.
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
