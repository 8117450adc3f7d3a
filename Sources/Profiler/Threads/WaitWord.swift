import CLinux
import Glibc
import Synchronization

/// A counter that threads wait on: first by spinning, which reacts in well under a microsecond, then asleep in the
/// kernel, so that an idle pool uses no CPU.
///
/// Unchecked: the pointer never changes, and what it points to is atomic.
final class WaitWord: @unchecked Sendable {
  private let word = UnsafeMutablePointer<Atomic<UInt32>>.allocate(capacity: 1)
  private let sleepers = Atomic<Int>(0)

  init() {
    word.initialize(to: Atomic(0))
  }

  deinit {
    word.deinitialize(count: 1)
    word.deallocate()
  }

  var value: UInt32 { word.pointee.load(ordering: .acquiring) }

  /// Raises the counter and wakes all waiting threads. Returns the new value.
  @discardableResult
  func increment() -> UInt32 {
    // Sequentially consistent here and in `sleep`: either the sleeper sees the new value, or this thread sees the
    // sleeper.
    let value = word.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 { linux_futex_wake_all(word) }
    return value
  }

  /// Spins while the counter is `seen`, for about a millisecond at most.
  ///
  /// 20,000 pauses cover the caller's work between two repetitions. The yields that follow give the CPU to any other
  /// thread that wants it, which on a shared machine may be the thread that is waited for.
  func spin(while seen: UInt32) {
    var pauses = 0
    while value == seen && pauses < 20_000 {
      linux_pause()
      pauses += 1
    }
    var yields = 0
    while value == seen && yields < 100 {
      sched_yield()
      yields += 1
    }
  }

  /// Sleeps once while the counter is `seen`; may return early.
  func sleep(while seen: UInt32) {
    sleepers.add(1, ordering: .sequentiallyConsistent)
    if word.pointee.load(ordering: .sequentiallyConsistent) == seen { linux_futex_wait(word, seen) }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
  }
}
