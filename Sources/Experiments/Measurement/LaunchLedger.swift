import Plans
import RunStore

/// The launches still to run, in order, and the number of attempts at each.
struct LaunchLedger {
  private(set) var pending: [Schedule.Launch]
  private let launches: Int
  private let total: Int
  private var begun: [RunStore.LaunchKey: Int] = [:]
  private var deaths: [RunStore.LaunchKey: Int] = [:]

  /// Leaves out launches that are measured, here or in the parts of the run that hold `elsewhere`, and the points
  /// that failed, unless `retriesFailed`.
  init(
    _ store: RunStore, _ schedule: Schedule, retriesFailed: Bool, elsewhere: Set<RunStore.LaunchKey> = []
  ) throws {
    let statuses = try store.statuses()
    let measured = try store.measuredLaunches().union(elsewhere)
    for attempt in try store.rows(AttemptRow.self) {
      let key = RunStore.LaunchKey(pointID: attempt.pointID, launch: attempt.launch)
      begun[key, default: 0] += 1
      // A retry of a point that failed starts with all of its attempts.
      if attempt.status == .died, statuses[attempt.pointID] != .failed { deaths[key, default: 0] += 1 }
    }
    pending = schedule.launches.filter { launch in
      switch statuses[launch.point.id] {
      case .done, nil: false
      case .failed: retriesFailed
      default: !measured.contains(launch.key)
      }
    }
    launches = (schedule.launches.map(\.launch).max() ?? 0) + 1
    total = schedule.launches.count { statuses[$0.point.id] != nil }
  }

  /// The number of the attempt that begins, from 0.
  mutating func begin(_ launch: Schedule.Launch) -> Int {
    defer { begun[launch.key, default: 0] += 1 }
    return begun[launch.key] ?? 0
  }

  /// Records the end of a launch. A status other than passed ends all launches of its point.
  mutating func finished(_ launch: Schedule.Launch, _ status: ResultStatus) {
    if status == .passed {
      pending.removeAll { $0 == launch }
    } else {
      pending.removeAll { $0.point.id == launch.point.id }
    }
  }

  /// Records that the launch's process died, and puts it at the end of the order unless it has died `limit` times.
  /// Returns the number of attempts left.
  mutating func died(_ launch: Schedule.Launch, of limit: Int) -> Int {
    deaths[launch.key, default: 0] += 1
    let left = max(0, limit - (deaths[launch.key] ?? 0))
    pending.removeAll { $0 == launch }
    if left > 0 { pending.append(launch) }
    return left
  }

  func state(_ launch: Schedule.Launch, secondsLeft: Double?) -> RunProgress {
    RunProgress(
      done: total - pending.count, total: total, launch: launch.launch, launches: launches, secondsLeft: secondsLeft)
  }
}

extension Schedule.Launch {
  var key: RunStore.LaunchKey { RunStore.LaunchKey(pointID: point.id, launch: launch) }
}
