import CLinux
import CMicroBenchmarks

/// A kernel whose work is known, and the counts per unit of it that a group's events must give. The bounds are wide
/// where a count depends on prefetchers or on the loop around the work: they are to find wrong counters, not to
/// calibrate.
public struct KnownAnswer: Codable, Equatable, Sendable {
  public var kernel: Kernel
  /// A formula over the group's events, without `seconds`.
  public var formula: Formula
  /// The range of the formula's value per unit of the kernel's work.
  public var bounds: ClosedRange<Double>

  public enum Kernel: String, Codable, CaseIterable, Sendable {
    /// First touches of 4 KiB pages of a new mapping.
    case pageTouches = "page_touches"
    /// Additions, each of which waits for the one before.
    case dependentAdds = "dependent_adds"
    /// Loads along one random cycle through memory far larger than an L1 cache, each of which waits for the one
    /// before.
    case chasedLoads = "chased_loads"
    /// fp32 operations of independent multiply-adds in registers, two per lane.
    case multiplyAdds = "multiply_adds"

    /// The unit that counts are compared with.
    var unit: String {
      switch self {
      case .pageTouches: "page"
      case .dependentAdds: "addition"
      case .chasedLoads: "load"
      case .multiplyAdds: "operation"
      }
    }

    /// Prepares everything that is not to be counted. The closure does the work once and returns its units, nil where
    /// this architecture has no such loop.
    public func prepared() throws -> () -> Double? {
      switch self {
      case .pageTouches:
        // Many pages against the few of code and stack that a thread touches for the first time.
        let pages = 16_384
        let memory = try PlacedMemory(bytes: pages * basePageBytes, pages: .base)
        return {
          linux_touch(memory.base, memory.byteCount, basePageBytes)
          return Double(pages)
        }
      case .dependentAdds:
        // A few milliseconds: long against opening and closing a counter.
        let adds: UInt64 = 1 << 24
        return { microbench_dependent_adds(adds) ? Double(adds) : nil }
      case .chasedLoads:
        // 32 MiB is hundreds of L1 caches, and each line is loaded once.
        let lines = 1 << 19
        let memory = try PlacedMemory(bytes: lines * 64, pages: .base)
        microbench_link_lines(memory.base, lines, 1)
        return {
          _ = microbench_chase(memory.base, lines)
          return Double(lines)
        }
      case .multiplyAdds:
        let path = VectorPath.widest
        return { microbench_multiply_add(path.code, 1 << 20) }
      }
    }
  }
}
