import Kernels
import Plans

/// The order in which a run measures: every launch of every point.
///
/// Launches come in rounds of all points, each round in a seeded order of its own (a randomised complete block design), so
/// that drift of the machine lines up with neither an axis nor a launch, and a run that is cut short has whole rounds.
public struct Schedule {
  public struct Launch: Equatable {
    public var point: Point
    /// The number of the point's process, from 0.
    public var launch: Int
    /// The place in the schedule, from 0.
    public var position: Int
  }

  public var launches: [Launch]

  /// The first round is in the plan's own order; so are all others unless `isShuffled`.
  public init(_ plan: Plan, launches count: Int, seed: UInt64, isShuffled: Bool = true) {
    launches = []
    for round in 0..<max(1, count) {
      var random = RandomSource(seed: seed &+ UInt64(round))
      let order = round == 0 || !isShuffled ? plan.order : random.permutation(plan.points.count)
      for index in order {
        launches.append(Launch(point: plan.points[index], launch: round, position: launches.count))
      }
    }
  }
}
