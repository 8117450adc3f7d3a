import Foundation
import Profiler
import RunStore

/// Time since the start of a run, across interruptions and restarts of the machine: the wall clock gives the start of
/// this part of the run, the measurements' clock the time since then.
struct RunTime {
  /// The reading of `Clock` at the start of the run, extrapolated where the machine was restarted since.
  let clockStart: Int

  private static let key = "began"

  init(_ store: RunStore) throws {
    let wall = Int(Date().timeIntervalSince1970 * 1e9)
    let clock = Int(Clock.now())
    let began: Int
    // Out of this range, the stored time was edited.
    if let known = try store.meta(Self.key).flatMap({ Int($0) }), (0...wall).contains(known) {
      began = known
    } else {
      began = wall
      try store.setMeta(Self.key, "\(wall)")
    }
    clockStart = clock - (wall - began)
  }

  /// Nanoseconds since the run began.
  var now: Int { Int(Clock.now()) - clockStart }
}
