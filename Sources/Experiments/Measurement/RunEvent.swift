import Plans
import RunStore

/// What a run tells the person who waits for it.
public enum RunEvent {
  case message(String)
  case started(point: Point, progress: RunProgress)
  case finished(result: ResultRow, progress: RunProgress)
  /// The `done`th of `total` points of a run in which nothing is measured.
  case projected(point: Point, done: Int, total: Int)
}

/// How far a run is: in launches, which are points where each has one.
public struct RunProgress: Equatable, Sendable {
  public var done: Int
  public var total: Int
  /// The launch of the point that this is about, from 0, and how many it has.
  public var launch: Int
  public var launches: Int
  /// Nil until there is something to judge by.
  public var secondsLeft: Double?

  public init(done: Int, total: Int, launch: Int, launches: Int, secondsLeft: Double?) {
    self.done = done
    self.total = total
    self.launch = launch
    self.launches = launches
    self.secondsLeft = secondsLeft
  }
}
