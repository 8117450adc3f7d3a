import Plans
import Profiler
import RunStore

/// Counts a point's events in further passes of its work, after it has been timed, with counters around the same
/// region.
///
/// There is one pass for each group, so that every counter counts all the time; with `multiplex` there is one pass
/// for all of them. What valgrind counts is left to `ValgrindCounting`.
struct PointCounting {
  let plan: CounterPlan
  let runID: String
  let point: Point
  var launch = 0

  /// The rows of all groups, and one without a value for each topic that has no group on this CPU.
  func rows(_ pool: PinnedPool, _ work: (Int) -> Void) -> [CounterRow] {
    let backend = plan.backend(point)
    let groups = plan.groups.filter { !$0.isValgrinds }
    let passes = plan.multiplex ? [groups] : groups.map { [$0] }
    return passes.flatMap { count($0, backend, pool, work) } + blanks
  }

  private func count(
    _ groups: [CounterGroup], _ backend: any CounterBackend, _ pool: PinnedPool, _ work: (Int) -> Void
  ) -> [CounterRow] {
    guard !groups.isEmpty else { return [] }
    let perThread = groups.filter { $0.scope == .thread }
    let perSocket = groups.filter { $0.scope == .socket }
    // Each session is opened by the thread that it counts.
    let sessions = pool.map { thread in
      perThread.map {
        CounterSession(group: $0, thread: thread, multiplexing: plan.multiplex, backend: backend, root: plan.root)
      }
    }
    let sockets = perSocket.map {
      SocketCounterSession(group: $0, multiplexing: plan.multiplex, backend: backend, root: plan.root)
    }
    for session in sockets { session.start() }
    pool.run { thread in
      pool.barrier()
      for session in sessions[thread] { session.start() }
      work(thread)
      for session in sessions[thread].reversed() { session.stop() }
    }
    for session in sockets.reversed() { session.stop() }
    let readings = pool.map { thread in sessions[thread].map { $0.readings() } }
    return perThread.enumerated().flatMap { index, group in
      readings.enumerated().flatMap { thread, groups in
        groups[index].map { row($0, group, backend, thread: thread) }
      }
    }
      + zip(perSocket, sockets).flatMap { group, session in
        session.readings().map { row($0.reading, group, backend, socket: $0.socket) }
      }
  }

  private func row(
    _ reading: CounterReading, _ group: CounterGroup, _ backend: any CounterBackend, thread: Int? = nil,
    socket: Int? = nil
  ) -> CounterRow {
    CounterRow(
      reading.judged(by: plan.checks.filter { $0.group == group.name }), runID: runID, pointID: point.id,
      launch: launch,
      thread: thread, socket: socket, group: group, origin: backend.origin)
  }

  private var blanks: [CounterRow] {
    plan.choices.filter(\.groups.isEmpty).map { choice in
      CounterRow(
        runID: runID, pointID: point.id, launch: launch, group: choice.asked, event: choice.asked,
        quality: CounterQuality.unsupported.rawValue, reason: choice.reason)
    }
  }
}
