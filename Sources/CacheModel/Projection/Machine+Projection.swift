import AccessStreams
import Machines
import Support

extension Machine {
  /// The keys without which a projection is impossible, in the order of the file; empty where nothing is missing.
  public var keysMissingForProjection: [String] {
    var missing: [String] = []
    if cores == nil { missing.append("cores") }
    if frequencyGHz == nil { missing.append("frequency_ghz") }
    if simd == nil { missing.append("simd") }
    for (level, cache) in caches.enumerated() {
      if cache.latencyCycles == nil { missing.append("caches[\(level)].latency_cycles") }
      if cache.bytesPerCycle == nil { missing.append("caches[\(level)].bytes_per_cycle") }
    }
    if transfersOverlap == nil { missing.append("transfers_overlap") }
    if memory.isEmpty { missing.append("memory") }
    return missing
  }

  /// The keys of narrow operand types without which the multiply-adds of `phases` have no rate; empty where none is missing.
  /// fp32's are among `keysMissingForProjection`.
  public func keysMissing(for phases: [PhaseWork]) -> [String] {
    [OperandType.bf16, .int8].filter { operands in
      simd?.multiplyAddsPerCycle(operands) == nil
        && phases.contains { $0.multiplyAdds > 0 && $0.operands == operands }
    }.map { "simd.\($0.rawValue)_per_cycle" }
  }
}
