import Plans
import RunStore

/// Access streams that have been projected: a point whose stream another one had needs no simulation, only that one's rows.
struct KnownStreams {
  private let store: RunStore
  /// By `Projector.streamKey`, a point whose projections are stored.
  private var points: [String: String] = [:]
  private var projected: Set<String> = []

  /// `placementMatters`: see `Projector.streamKey`.
  init(_ directory: RunDirectory, placementMatters: Bool) throws {
    store = directory.store
    let stages = Set(try store.rows(StageRow.self).map(\.pointID))
    let results = Dictionary(
      try store.rows(ResultRow.self).map { ($0.pointID, $0) }, uniquingKeysWith: { _, last in last })
    for point in directory.plan.points where stages.contains(point.id) {
      var resolved = point
      resolved.strategy = point.strategy ?? results[point.id]?.strategy
      points[Projector.streamKey(resolved, placementMatters: placementMatters)] = point.id
      projected.insert(point.id)
    }
  }

  var keys: [String] { points.keys.sorted() }

  func hasProjection(_ pointID: String) -> Bool { projected.contains(pointID) }

  /// Gives a launch that did not project, because its stream was known, its twin's rows; remembers one that did.
  mutating func complete(_ outcome: inout PointOutcome) throws {
    let id = outcome.result.pointID
    guard outcome.result.status == .passed, let stream = outcome.stream, !projected.contains(id) else { return }
    if outcome.stages.isEmpty, let twin = points[stream] {
      let modelled = try store.modelled(twin)
      outcome.stages = modelled.stages
      outcome.projections = modelled.projections
      outcome.sensitivities = modelled.sensitivities
      for index in outcome.stages.indices {
        outcome.stages[index].pointID = id
        // Modelled is the twin's, measured never is.
        outcome.stages[index].measuredNanosecondsPerToken = nil
        outcome.stages[index].fastestNanosecondsPerToken = nil
      }
      for index in outcome.sensitivities.indices { outcome.sensitivities[index].pointID = id }
      for index in outcome.projections.indices {
        outcome.projections[index].pointID = id
        // Where the twin has a measurement beside it, this point has its own.
        if outcome.projections[index].measuredTokensPerSecond != nil {
          outcome.projections[index].measuredTokensPerSecond = outcome.result.tokensPerSecond
        }
      }
    }
    if !outcome.stages.isEmpty {
      points[stream] = id
      projected.insert(id)
    }
  }
}
