/// A figure at its place in a machine, such as the latency of the second cache.
package struct PlacedFigure: Sendable {
  /// Key path in the machine file, such as `caches[1].latency_cycles`.
  package let path: String
  package let unit: FigureUnit
  package let meaning: String
  /// The range of a number; nil where the value is a list or a word.
  package let range: ClosedRange<Double>?
  /// The number must be a multiple of this; 0 allows any.
  package let step: Double
  package let assumed: AssumedFigure?
  /// Whether a projection needs the machine file to state it.
  let isNeededToProject: Bool
  let role: FigureRole
  let rule: String?
  let isRequired: Bool

  /// Why a band does not move the figure; nil where it does.
  package let whyNotInBand: String?
  /// Why the figure has no sensitivity of its own; nil where it has.
  package let whyNoSensitivity: String?
  /// Whether the figure changes the traffic, so that its sensitivity needs another simulation.
  package let changesTraffic: Bool

  /// Whether the machine states it.
  package let isStated: @Sendable (Machine) -> Bool
  /// The number; nil where the machine lacks it, and for lists and words.
  package let value: @Sendable (Machine) -> Double?
  /// Sets the number and nothing else, where the machine has the part.
  package let set: @Sendable (inout Machine, Double) -> Void
  /// Moves the figure alone, as bands do.
  package let move: @Sendable (inout Machine, FigureFactors) -> Void
  /// Moves the figure and those that depend on it, as sensitivities do.
  package let scale: @Sendable (inout Machine, FigureFactors) -> Void
  /// Sets the figure and moves those that depend on it, as explorations do.
  package let replace: @Sendable (inout Machine, Double) -> Void

  /// Nil where the field states no figure. `part` is the part of a machine that has the field, `change` changes it there.
  init?<Part>(
    _ field: Field<Part>, path: String, level: Int, part: @escaping @Sendable (Machine) -> Part?,
    change: @escaping @Sendable (inout Machine, (inout Part) -> Void) -> Void
  ) {
    guard let figure = field.figure else { return nil }
    self.path = path
    unit = figure.unit
    meaning = figure.meaning
    range = figure.range
    step = figure.step
    assumed = figure.assumed
    role = figure.role
    rule = figure.rule
    isRequired = field.isRequired
    isNeededToProject = field.isNeededToProject

    var isUsed = true
    if let levels = figure.levelsUsed { isUsed = (levels.from...levels.to).contains(level) }
    changesTraffic = figure.sensitivity == .movedWithTraffic
    switch (figure.role, figure.sensitivity) {
    case (_, .movedWithTraffic): whyNoSensitivity = nil
    case (_, .left(let reason)), (.fixed(let reason), .moved): whyNoSensitivity = reason
    case (_, .moved): whyNoSensitivity = isUsed ? nil : "the equations use that of other levels only"
    }
    if case .fixed(let reason) = figure.role { whyNotInBand = reason } else { whyNotInBand = figure.fixedInBand }

    isStated = { part($0).map(field.isStated) ?? false }
    value = { part($0).flatMap(figure.value) }
    set = { machine, value in change(&machine) { figure.set(&$0, value) } }
    move = { machine, factors in change(&machine) { figure.move(&$0, factors) } }
    scale = { machine, factors in change(&machine) { figure.scale(&$0, factors) } }
    replace = { machine, value in change(&machine) { figure.replace(&$0, value) } }
  }
}

extension Machine {
  /// Every figure that the file of such a machine can state, in the file's order.
  package var figures: [PlacedFigure] {
    Machine.fields.flatMap { field in
      if let places = field.places { return places(self) }
      return [
        PlacedFigure(field, path: field.key, level: 0, part: { $0 }, change: { machine, change in change(&machine) })
      ].compactMap { $0 }
    }
  }

  /// The figures that a projection can use with its data in memory number `memory`.
  package func figures(memory: Int) -> [PlacedFigure] {
    figures.filter { !$0.path.hasPrefix("memory[") || $0.path.hasPrefix("memory[\(memory)].") }
  }

  /// The key path of every figure that the machine states.
  package var figurePaths: [String] { figures.filter { $0.isStated(self) }.map(\.path) }

  /// The keys that a projection needs and the machine lacks, in the order of the file.
  public var keysMissingForProjection: [String] {
    Machine.fields.flatMap { field -> [String] in
      if field.isNeededToProject, !field.isStated(self) { return [field.key] }
      return (field.places?(self) ?? []).filter { $0.isNeededToProject && !$0.isStated(self) }.map(\.path)
    }
  }
}
