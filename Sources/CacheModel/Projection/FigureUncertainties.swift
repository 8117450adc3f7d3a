import Machines

/// How far each figure that a band moves may be off, relative to itself: what the tags of a machine's provenance stand for.
/// Machines of a grid share their base's.
public struct FigureUncertainties: Sendable {
  /// The figures of the table that a band moves, each with the share of itself by which it may be off.
  let stated: [(figure: PlacedFigure, uncertainty: Double)]
  /// The figures that the machine does not state and that a projection assumes.
  let assumed: [(figure: PlacedFigure, value: AssumedFigure)]

  /// With the data in the memory `name`, nil for the first. Throws `InputError` where the machine lacks it.
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
