import Plans
import RunStore

/// A message of a run to its user.
public enum RunEvent {
  case message(String)
  case started(point: Point, progress: RunProgress)
  case finished(result: ResultRow, progress: RunProgress)
  /// Point `done` of `total` of a run in which nothing is measured.
  case projected(point: Point, done: Int, total: Int)
}

/// The progress of a run in launches, which equal points where each has one.
public struct RunProgress: Equatable, Sendable {
  public var done: Int
  public var total: Int
  /// The number of the current launch of the point, from 0, and the point's number of launches.
  public var launch: Int
  public var launches: Int
  /// Nil before the first launch is done.
  public var secondsLeft: Double?

  public init(done: Int, total: Int, launch: Int, launches: Int, secondsLeft: Double?) {
    self.done = done
    self.total = total
    self.launch = launch
    self.launches = launches
    self.secondsLeft = secondsLeft
  }
}
