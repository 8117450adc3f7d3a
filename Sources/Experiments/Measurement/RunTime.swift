import Foundation
import Profiler
import RunStore

/// Time since a run began, over interruptions and restarts of the machine: the wall clock says when this part of the run
/// began, the clock of the measurements what passed since.
struct RunTime {
  /// What `Clock` showed when the run began, or would have shown.
  let clockStart: Int

  private static let key = "began"

  init(_ store: RunStore) throws {
    let wall = Int(Date().timeIntervalSince1970 * 1e9)
    let clock = Int(Clock.now())
    let began: Int
    // A time that this clock cannot have shown was edited.
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
