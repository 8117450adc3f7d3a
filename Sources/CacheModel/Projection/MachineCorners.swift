import Machines

/// A machine as the timing equations see it: with every figure as stated, and with all of them at the bad and at the good end
/// of their uncertainty. Made once for whatever is projected onto the machine.
public struct MachineCorners {
  public let machine: Machine
  let low: ProjectionInputs
  let expected: ProjectionInputs
  let high: ProjectionInputs

  /// With the data in the memory `memory`, nil for the first. Throws `InputError` where the machine lacks that or a figure.
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
