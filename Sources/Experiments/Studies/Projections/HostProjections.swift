import Kernels
import Machines
import Plans
import RunStore

extension RunDirectory {
  /// What the model says of each measured point on `host`, with the measurement beside it; of points that have no projection
  /// onto it, nothing. Throws `Interrupted` where it was asked to end.
  func hostProjections(onto host: Machine, isInterrupted: () -> Bool) throws -> [ProjectionOutcome] {
    let projected = Set(try store.rows(ProjectionRow.self).filter { $0.machine == host.name }.map(\.pointID))
    let results = Dictionary(
      try store.rows(ResultRow.self).map { ($0.pointID, $0) }, uniquingKeysWith: { _, last in last })
    let projector = Projector(runID: manifest.runID, machines: [host], host: host.name)
    let experiment = try experiment()
    return try plan.points.filter { projected.contains($0.id) }.flatMap { point in
      if isInterrupted() { throw Interrupted() }
      let result = results[point.id]
      var outcomes = try projector.outcomes(
        [point], experiment: experiment, strategies: result?.strategy.map { [point.id: $0] } ?? [:])
      for index in outcomes.indices {
        for row in outcomes[index].rows.indices {
          outcomes[index].rows[row].measuredTokensPerSecond = result?.tokensPerSecond
        }
      }
      return outcomes
    }
  }
}

extension RunStore {
  /// Puts projections onto `machine` in the place of those that the store has onto a machine of that name, all or none: row
  /// by row, so that tables keep their order.
  func replace(_ outcomes: [ProjectionOutcome], onto machine: String) throws {
    let projections = Dictionary(
      outcomes.flatMap(\.rows).map { ($0.pointID, $0) }, uniquingKeysWith: { _, last in last })
    let sensitivities = Dictionary(
      outcomes.flatMap(\.sensitivities).map { ("\($0.pointID) \($0.parameter)", $0) },
      uniquingKeysWith: { _, last in last })
    let stages = Dictionary(
      outcomes.flatMap(\.stages).map { ("\($0.pointID) \($0.stage)", $0) }, uniquingKeysWith: { _, last in last })
    try replaceAll(
      try rows(ProjectionRow.self).map { $0.machine == machine ? projections[$0.pointID] ?? $0 : $0 },
      try rows(SensitivityRow.self).map {
        $0.machine == machine ? sensitivities["\($0.pointID) \($0.parameter)"] ?? $0 : $0
      },
      try rows(StageRow.self).map { row in
        var stage = stages["\(row.pointID) \(row.stage)"] ?? row
        stage.measuredNanosecondsPerToken = row.measuredNanosecondsPerToken
        stage.fastestNanosecondsPerToken = row.fastestNanosecondsPerToken
        return stage
      })
  }
}
