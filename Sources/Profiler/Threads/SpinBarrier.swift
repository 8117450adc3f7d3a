import CLinux
import Glibc
import Synchronization

/// A barrier for threads that have a CPU each: the last to arrive releases the others, which spin.
final class SpinBarrier: Sendable {
  private let parties: Int
  private let arrived = Atomic<Int>(0)
  private let generation = Atomic<UInt>(0)

  init(parties: Int) {
    self.parties = parties
  }

  func wait() {
    let seen = generation.load(ordering: .acquiring)
    if arrived.add(1, ordering: .acquiringAndReleasing).newValue == parties {
      arrived.store(0, ordering: .relaxed)
      generation.wrappingAdd(1, ordering: .releasing)
      return
    }
    var spins = 0
    while generation.load(ordering: .acquiring) == seen {
      linux_pause()
      spins += 1
      // Yields the CPU, so that a thread that another process has displaced can run; see WaitWord for the number.
      if spins > 20_000 { sched_yield() }
    }
  }
}
