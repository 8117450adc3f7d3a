import Machines

/// The inputs of the timing equations for one machine: with every figure as stated, and with every figure at the slow
/// and at the fast end of its uncertainty. They are made once for all projections onto the machine.
public struct MachineCorners {
  public let machine: Machine
  let low: ProjectionInputs
  let expected: ProjectionInputs
  let high: ProjectionInputs

  /// Takes the memory `memory` for the data, nil for the first. Throws `InputError` where the machine lacks that
  /// memory or a figure.
  ///
  /// `uncertainties` may be those of another machine with the same memory and provenance, such as a grid's base.
  public init(_ machine: Machine, memory: String? = nil, uncertainties: FigureUncertainties? = nil) throws {
    let known = try uncertainties ?? FigureUncertainties(of: machine, memory: memory)
    func inputs(_ corner: ProjectionInputs.Corner) throws -> ProjectionInputs {
      try ProjectionInputs(machine, memoryName: memory, corner: corner, uncertainties: known)
    }
    self.machine = machine
    (low, expected, high) = (try inputs(.low), try inputs(.expected), try inputs(.high))
  }
}
