import Foundation

/// Threads that run a kernel's workers at the same time and can wait for one another; the tests use them in place of
/// the pinned pool.
///
/// Unchecked: `waiting` and `generation` are read and written only by who holds the lock of `condition`.
final class Team: @unchecked Sendable {
  private let size: Int
  private let condition = NSCondition()
  private var waiting = 0
  private var generation = 0

  init(_ size: Int) {
    self.size = size
  }

  func barrier() {
    condition.lock()
    defer { condition.unlock() }
    waiting += 1
    if waiting == size {
      waiting = 0
      generation += 1
      condition.broadcast()
      return
    }
    let seen = generation
    while generation == seen { condition.wait() }
  }

  /// Calls `work` with each index on a thread of its own, and returns when all have ended.
  func run(_ work: @escaping (Int) -> Void) {
    // Every thread accesses only its own part.
    nonisolated(unsafe) let work = work
    let group = DispatchGroup()
    for index in 0..<size {
      group.enter()
      Thread.detachNewThread {
        work(index)
        group.leave()
      }
    }
    group.wait()
  }
}
