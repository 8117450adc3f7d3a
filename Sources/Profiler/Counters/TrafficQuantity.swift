/// A quantity of a workload's traffic that a counter group can count, with one meaning for the events of every CPU.
///
/// Lines have 64 bytes. Quantities counted per thread are those of the workload alone; those counted per socket
/// include every process on it.
public enum TrafficQuantity: String, Codable, CaseIterable, Sendable {
  /// Instructions retired.
  case instructions
  /// Core cycles.
  case cycles
  /// Loads, in instructions or accesses of the first level.
  case loads
  /// Stores, in instructions or accesses of the first level.
  case stores
  /// Floating-point operations; a fused multiply-add is two.
  case flops
  /// Lines that enter the first-level data cache from any source, by demand and by prefetch.
  case l1Fills = "l1_fills"
  /// Lines that come from beyond the second level.
  case l2Fills = "l2_fills"
  /// Lines that come from beyond the third level, whether or not that keeps them.
  case l3Fills = "l3_fills"
  /// Lines read from memory.
  case memoryReads = "memory_reads"
  /// Lines written to memory.
  case memoryWrites = "memory_writes"
  /// Lines read from and written to memory, where they cannot be told apart.
  case memoryLines = "memory_lines"
  /// Lines that come from another node's memory or caches.
  case remoteLines = "remote_lines"
  /// Walks of the page tables for data.
  case pageWalks = "page_walks"

  /// The scopes of the groups that can count it: a PMU outside the cores counts only memory and links.
  var scopes: Set<CounterGroup.Scope> {
    switch self {
    case .instructions, .cycles, .loads, .stores, .flops, .l1Fills, .l2Fills, .l3Fills, .pageWalks: [.thread]
    case .memoryReads, .memoryWrites, .memoryLines, .remoteLines: [.thread, .socket]
    }
  }
}

/// The formula of a quantity over a group's events.
public struct TrafficFormula: Codable, Equatable, Sendable {
  public var quantity: TrafficQuantity
  /// A formula over events, without words.
  public var formula: Formula
  /// What the events miss, such as lines fetched by prefetchers; the formula is then a lower bound.
  public var leavesOut: String?

  public init(quantity: TrafficQuantity, formula: Formula, leavesOut: String? = nil) {
    self.quantity = quantity
    self.formula = formula
    self.leavesOut = leavesOut
  }
}
