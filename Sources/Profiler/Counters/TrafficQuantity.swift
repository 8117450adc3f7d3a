/// A quantity of a workload's traffic that a counter group can tell: what a count means, whatever the CPU calls its event.
///
/// Lines have 64 bytes. Quantities of threads are those of the workload alone; those of sockets are of every process there.
public enum TrafficQuantity: String, Codable, CaseIterable, Sendable {
  /// Instructions retired.
  case instructions
  /// Core cycles.
  case cycles
  /// Loads, in instructions or accesses of the first level.
  case loads
  /// Stores, likewise.
  case stores
  /// Floating-point operations; a fused multiply-add is two.
  case flops
  /// Lines that enter the first data cache, from wherever, by demand and by prefetch.
  case l1Fills = "l1_fills"
  /// Lines that come from beyond the second level.
  case l2Fills = "l2_fills"
  /// Lines that come from beyond the third level, whether it keeps them or not.
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

  /// Which groups can tell it: a PMU outside the cores sees memory and links alone.
  var scopes: Set<CounterGroup.Scope> {
    switch self {
    case .instructions, .cycles, .loads, .stores, .flops, .l1Fills, .l2Fills, .l3Fills, .pageWalks: [.thread]
    case .memoryReads, .memoryWrites, .memoryLines, .remoteLines: [.thread, .socket]
    }
  }
}

/// How a group's events add up to a quantity.
public struct TrafficFormula: Codable, Equatable, Sendable {
  public var quantity: TrafficQuantity
  /// Over events alone.
  public var formula: Formula
  /// What the events miss, such as lines that prefetchers bring: the formula is a lower bound then.
  public var leavesOut: String?

  public init(quantity: TrafficQuantity, formula: Formula, leavesOut: String? = nil) {
    self.quantity = quantity
    self.formula = formula
    self.leavesOut = leavesOut
  }
}
