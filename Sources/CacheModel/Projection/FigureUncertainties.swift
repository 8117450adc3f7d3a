import Machines

/// How far each figure of a machine that a projection's band moves may be off, as a share of the figure. The shares
/// follow from the tags of the machine's provenance. The machines of a grid share those of their base machine.
public struct FigureUncertainties: Sendable {
  /// The stated figures that a band moves, each with the share of itself by which it may be off.
  let stated: [(figure: PlacedFigure, uncertainty: Double)]
  /// The figures that the machine does not state and that a projection assumes.
  let assumed: [(figure: PlacedFigure, value: AssumedFigure)]

  /// Takes the memory `name`, nil for the first. Throws `InputError` where the machine has no such memory.
  public init(of machine: Machine, memory name: String? = nil) throws {
    let figures = machine.figures(memory: try machine.memoryIndex(named: name))
    stated = figures.filter { $0.whyNotInBand == nil && $0.isStated(machine) }.map {
      ($0, machine.tag(of: $0.path).relativeUncertainty)
    }
    assumed = figures.compactMap { figure in
      guard let value = figure.assumed, !figure.isStated(machine) else { return nil }
      return (figure, value)
    }
  }
}
