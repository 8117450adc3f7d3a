import Glibc
import InputFiles

/// Counters on the thread that creates it: open once, then start and stop around each region.
///
/// Counters attach to a thread, so a session is created, started and stopped inside the worker that is measured:
///
///     let sessions = pool.map { _ in CounterSession(group: group) }
///     pool.run { index in
///       sessions[index].start()
///       work(index)
///       sessions[index].stop()
///     }
///     let total = CounterReading.total(acrossThreads: sessions.map { $0.readings() })
///
/// Creating one never fails: an event that cannot be counted gives readings that say why.
public final class CounterSession: @unchecked Sendable {
  fileprivate enum State {
    case open(descriptor: Int32, leader: Int32, note: String?)
    case failed(quality: CounterQuality, reason: String)
  }

  fileprivate struct Slot {
    let name: String
    let event: EncodedEvent?
    let state: State
    var start: CounterCounts?
    var end: CounterCounts?
    var failure: CounterFailure?
  }

  private let backend: any CounterBackend
  private var slots: [Slot] = []
  private var leaders: [Int32] = []

  /// Opens `events` as one group, which the kernel counts all together or not at all.
  ///
  /// With `multiplexing` every event is a group of its own: more events than the CPU has counters then take turns, and
  /// their readings are scaled.
  public init(events: [String], multiplexing: Bool = false, backend: any CounterBackend = LibPFMBackend()) {
    self.backend = backend
    open(events, multiplexing: multiplexing)
  }

  private func open(_ events: [String], multiplexing: Bool) {
    for name in events {
      let leader = multiplexing ? nil : leaders.first
      let slot = open(name, leader: leader)
      if case .open(let descriptor, let owner, _) = slot.state, descriptor == owner { leaders.append(owner) }
      slots.append(slot)
    }
  }

  /// Opens a group's events; where the group is for another CPU, every reading is unsupported and says so.
  public init(
    group: CounterGroup, multiplexing: Bool = false, backend: any CounterBackend = LibPFMBackend(), root: String = "/"
  ) {
    self.backend = backend
    if let mismatch = group.mismatch(root: root) {
      slots = group.events.map {
        Slot(name: $0, event: nil, state: .failed(quality: .unsupported, reason: mismatch))
      }
    } else {
      open(group.events, multiplexing: multiplexing)
    }
  }

  deinit {
    // Members before leaders: closing a leader first would split its group.
    for slot in slots.reversed() {
      if case .open(let descriptor, _, _) = slot.state { backend.close(descriptor) }
    }
  }

  /// Whether at least one event is being counted.
  public var isCounting: Bool { !leaders.isEmpty }

  /// Starts counting a region.
  public func start() {
    for leader in leaders { record(\.start, group: leader) }
    for leader in leaders { fail(group: leader, backend.enable(group: leader)) }
  }

  /// Ends the region that `start` began.
  public func stop() {
    for leader in leaders.reversed() { fail(group: leader, backend.disable(group: leader)) }
    for leader in leaders { record(\.end, group: leader) }
  }

  /// The counts of the last region, in the order of the events.
  public func readings() -> [CounterReading] {
    slots.map { slot in
      switch slot.state {
      case .failed(let quality, let reason):
        return CounterReading(event: slot.name, canonical: slot.event?.canonical, quality: quality, reason: reason)
      case .open(_, _, let note):
        guard let event = slot.event, let start = slot.start, let end = slot.end, slot.failure == nil else {
          return CounterReading(
            event: slot.name, canonical: slot.event?.canonical, quality: .notCounted,
            reason: slot.failure.map { "reading failed: \(errorText($0.code))" } ?? "no region was counted")
        }
        return CounterReading(event: event, counts: end - start, note: note)
      }
    }
  }

  /// Counts `body`.
  public func measure<Result>(_ body: () throws -> Result) rethrows -> (result: Result, readings: [CounterReading]) {
    start()
    let result: Result
    do {
      result = try body()
    } catch {
      stop()
      throw error
    }
    stop()
    return (result, readings())
  }

  private func record(_ moment: WritableKeyPath<Slot, CounterCounts?>, group leader: Int32) {
    let members = members(of: leader)
    switch backend.read(group: leader, members: members.count) {
    case .success(let counts):
      for (index, counts) in zip(members, counts) { slots[index][keyPath: moment] = counts }
    case .failure(let failure): fail(group: leader, failure)
    }
  }

  private func fail(group leader: Int32, _ failure: CounterFailure?) {
    guard let failure else { return }
    for index in members(of: leader) { slots[index].failure = failure }
  }

  /// The slots of a group, in the order in which they were opened.
  private func members(of leader: Int32) -> [Int] {
    slots.indices.filter { index in
      if case .open(_, leader, _) = slots[index].state { true } else { false }
    }
  }

  /// Software events count in user and kernel mode, because much of what they count happens in the kernel; where that is
  /// denied they fall back to user mode, except for those that would then always read 0.
  private func open(_ name: String, leader: Int32?) -> Slot {
    let user: EncodedEvent
    do {
      user = try backend.encode(name, privilege: .user)
    } catch {
      let reason = (error as? InputError)?.message ?? "\(error)"
      return Slot(name: name, event: nil, state: .failed(quality: .unsupported, reason: reason))
    }
    guard user.isSoftware, let both = try? backend.encode(name, privilege: .userAndKernel) else {
      return Slot(name: name, event: user, state: state(backend.open(user, leader: leader), leader, note: nil))
    }
    let result = backend.open(both, leader: leader)
    if case .failure(let failure) = result, failure.quality == .denied, !user.happensInKernelOnly {
      let note = "user mode only: \(failure.reason())"
      return Slot(name: name, event: user, state: state(backend.open(user, leader: leader), leader, note: note))
    }
    return Slot(name: name, event: both, state: state(result, leader, note: nil))
  }

  private func state(_ result: Result<Int32, CounterFailure>, _ leader: Int32?, note: String?) -> State {
    switch result {
    case .success(let descriptor):
      return .open(descriptor: descriptor, leader: leader ?? descriptor, note: note)
    case .failure(let failure):
      // The kernel answers EINVAL to a group that cannot fit, and to an event that it does not know.
      let isFull = leader != nil && (failure.code == EINVAL || failure.code == ENOSPC)
      return .failed(
        quality: isFull ? .notCounted : failure.quality, reason: failure.reason(isMember: leader != nil))
    }
  }
}
