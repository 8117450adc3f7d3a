import AccessStreams
import Machines
import Support

extension Machine {
  /// The keys of narrow operand types without which the multiply-adds of `phases` have no rate; empty where none is missing.
  /// fp32's are among `keysMissingForProjection`.
  public func keysMissing(for phases: [PhaseWork]) -> [String] {
    [OperandType.bf16, .int8].filter { operands in
      simd?.multiplyAddsPerCycle(operands) == nil
        && phases.contains { $0.multiplyAdds > 0 && $0.operands == operands }
    }.map { "simd.\($0.rawValue)_per_cycle" }
  }
}
