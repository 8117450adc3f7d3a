/// The machine's processors, caches and memory nodes, as the kernel describes them.
///
/// Identifiers of packages and nodes are the kernel's; cores and L3 clusters are numbered from 0 over the whole machine,
/// because the kernel's own core numbers repeat from package to package.
public struct Topology: Codable, Equatable, Sendable {
  /// The online logical CPUs, ascending.
  public var cpus: [LogicalCPU]
  /// The sets of CPUs behind one last-level cache, in the order of their first CPU.
  public var clusters: [CacheCluster]
  public var nodes: [MemoryNode]
  /// Every cache of the machine once, by level, then type, then first CPU.
  public var caches: [Cache]
  /// The CPUs that this process may use, ascending.
  public var allowedCPUs: [Int]
  /// The NUMA nodes that this process may allocate on, ascending.
  public var allowedNodes: [Int]
  /// What could not be read, and what was assumed instead.
  public var notes: [String]

  public struct LogicalCPU: Codable, Equatable, Sendable {
    public var id: Int
    public var package: Int
    /// Index into `clusters`.
    public var cluster: Int
    /// The physical core, numbered from 0 over the machine.
    public var core: Int
    /// 0 for a core's first hardware thread, 1 for its SMT sibling.
    public var thread: Int
    /// Nil where the kernel exposes no NUMA nodes.
    public var node: Int?
  }

  public struct CacheCluster: Codable, Equatable, Sendable {
    public var id: Int
    public var package: Int
    public var cpus: [Int]
    /// The last-level cache's size in bytes; nil where it is not known.
    public var cacheBytes: Int?
  }

  public struct MemoryNode: Codable, Equatable, Sendable {
    public var id: Int
    public var cpus: [Int]
    public var memoryBytes: Int?
    /// Relative access cost to every node, in the order of `nodes`; 10 is local. Empty where it is not known.
    public var distances: [Int]
  }

  public struct Cache: Codable, Equatable, Sendable {
    public var level: Int
    public var type: String
    public var sizeBytes: Int?
    public var ways: Int?
    public var lineBytes: Int?
    public var sets: Int?
    public var sharedCPUs: [Int]
  }

  /// The kernel's package numbers, ascending.
  public var packages: [Int] { Set(cpus.map(\.package)).sorted() }
  public var coreCount: Int { Set(cpus.map(\.core)).count }
  public var hasSMT: Bool { cpus.contains { $0.thread > 0 } }

  public func cpu(_ id: Int) -> LogicalCPU? { cpus.first { $0.id == id } }

  /// The data or unified caches that CPU `id` reads through, by level.
  public func dataCaches(of id: Int) -> [Cache] {
    caches.filter { $0.sharedCPUs.contains(id) && $0.type != "Instruction" }.sorted { $0.level < $1.level }
  }
}

// MARK: - JSON

// Unknown values are written as null, so that every entry has the same keys.

extension Topology.LogicalCPU {
  private enum CodingKeys: CodingKey {
    case id, package, cluster, core, thread, node
  }

  public func encode(to encoder: Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(id, forKey: .id)
    try container.encode(package, forKey: .package)
    try container.encode(cluster, forKey: .cluster)
    try container.encode(core, forKey: .core)
    try container.encode(thread, forKey: .thread)
    try container.encode(node, forKey: .node)
  }
}

extension Topology.CacheCluster {
  private enum CodingKeys: CodingKey {
    case id, package, cpus, cacheBytes
  }

  public func encode(to encoder: Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(id, forKey: .id)
    try container.encode(package, forKey: .package)
    try container.encode(cpus, forKey: .cpus)
    try container.encode(cacheBytes, forKey: .cacheBytes)
  }
}

extension Topology.MemoryNode {
  private enum CodingKeys: CodingKey {
    case id, cpus, memoryBytes, distances
  }

  public func encode(to encoder: Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(id, forKey: .id)
    try container.encode(cpus, forKey: .cpus)
    try container.encode(memoryBytes, forKey: .memoryBytes)
    try container.encode(distances, forKey: .distances)
  }
}

extension Topology.Cache {
  private enum CodingKeys: CodingKey {
    case level, type, sizeBytes, ways, lineBytes, sets, sharedCPUs
  }

  public func encode(to encoder: Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(level, forKey: .level)
    try container.encode(type, forKey: .type)
    try container.encode(sizeBytes, forKey: .sizeBytes)
    try container.encode(ways, forKey: .ways)
    try container.encode(lineBytes, forKey: .lineBytes)
    try container.encode(sets, forKey: .sets)
    try container.encode(sharedCPUs, forKey: .sharedCPUs)
  }
}
