import AccessStreams
import Machines
import Support

extension Machine {
  /// The keys of the bf16 and int8 rates that the multiply-adds of `phases` need and the machine lacks.
  /// `keysMissingForProjection` covers the fp32 rate.
  public func keysMissing(for phases: [PhaseWork]) -> [String] {
    [OperandType.bf16, .int8].filter { operands in
      simd?.multiplyAddsPerCycle(operands) == nil
        && phases.contains { $0.multiplyAdds > 0 && $0.operands == operands }
    }.map { "simd.\($0.rawValue)_per_cycle" }
  }
}
