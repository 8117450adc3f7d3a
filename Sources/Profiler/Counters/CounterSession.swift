import Glibc
import Support

/// Counters of one target, usually the thread that creates it: opened once, then started and stopped around each
/// region.
///
/// Counters attach to a thread, so a session is created, started and stopped inside the worker that is measured:
///
///     let sessions = pool.map { CounterSession(group: group, thread: $0) }
///     pool.run { index in
///       sessions[index].start()
///       work(index)
///       sessions[index].stop()
///     }
///     let total = CounterReading.total(over: sessions.map { $0.readings() })
///
/// Creating a session never fails: an event that cannot be counted gives readings with the reason.
///
/// Unchecked: one thread at a time uses a session, and the pool's fork and join order what its worker and the caller do.
public final class CounterSession: @unchecked Sendable {
  fileprivate enum State {
    case open(descriptor: Int32, leader: Int32, note: String?)
    case failed(quality: CounterQuality, reason: String)
  }

  fileprivate struct Slot {
    let name: String
    let event: EncodedEvent?
    var state: State
    var start: CounterCounts?
    var end: CounterCounts?
    var failure: CounterFailure?
  }

  private let backend: any CounterBackend
  private let target: CounterTarget
  private let multiplexing: Bool
  private var slots: [Slot] = []
  private var leaders: [Int32] = []

  /// Opens `events` on the calling thread as one group, which the kernel counts as a whole or not at all.
  ///
  /// With `multiplexing`, an event that no longer fits into the group becomes a group of its own. More events than
  /// the CPU has counters then take turns, and their readings are scaled.
  public convenience init(
    events: [String], multiplexing: Bool = false, backend: any CounterBackend = LibPFMBackend()
  ) {
    self.init(backend: backend, target: .thread(0), multiplexing: multiplexing)
    for name in events { append(open(name, cpuIsKnown: false, leader: leaders.first)) }
  }

  /// Opens a group's events on the calling thread, which is the worker `thread`. Where the group is for another CPU,
  /// every reading is unsupported, with that reason.
  public convenience init(
    group: CounterGroup, thread: Int = 0, multiplexing: Bool = false, backend: any CounterBackend = LibPFMBackend(),
    root: String = "/"
  ) {
    self.init(backend: backend, target: .thread(thread), multiplexing: multiplexing)
    if let mismatch = group.mismatch(root: root) {
      slots = group.events.map {
        Slot(name: $0, event: nil, state: .failed(quality: .unsupported, reason: mismatch))
      }
    } else {
      for name in group.events { append(open(name, cpuIsKnown: group.cpu != nil, leader: leaders.first)) }
    }
  }

  /// Opens events of a system PMU at one of its units.
  convenience init(events: [String], at unit: SystemPMU.Unit, multiplexing: Bool, backend: any CounterBackend) {
    self.init(backend: backend, target: .cpu(unit.cpu), multiplexing: multiplexing)
    for name in events {
      append(slot(name, leader: leaders.first) { try backend.encode(name, at: unit) })
    }
  }

  private init(backend: any CounterBackend, target: CounterTarget, multiplexing: Bool) {
    self.backend = backend
    self.target = target
    self.multiplexing = multiplexing
  }

  private func append(_ slot: Slot) {
    if case .open(let descriptor, let owner, _) = slot.state, descriptor == owner { leaders.append(owner) }
    slots.append(slot)
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
    slots.map { backend.finished(reading(of: $0), on: target) }
  }

  private func reading(of slot: Slot) -> CounterReading {
    switch slot.state {
    case .failed(let quality, let reason):
      return CounterReading(event: slot.name, canonical: slot.event?.canonical, quality: quality, reason: reason)
    case .open(_, _, let note):
      guard let event = slot.event, let start = slot.start, let end = slot.end, slot.failure == nil else {
        return CounterReading(
          event: slot.name, canonical: slot.event?.canonical, quality: .notCounted,
          reason: slot.failure.map { "reading failed: \(errorText($0.code))" } ?? "no region was counted")
      }
      return CounterReading(event: event, counts: end - start, note: note, multiplexing: multiplexing)
    }
  }

  /// Counts the events of `body`.
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

  /// Software events count in user and kernel mode, because much of what they count happens in the kernel. Where that
  /// is denied they fall back to user mode, except those that would then always read 0.
  private func open(_ name: String, cpuIsKnown: Bool, leader: Int32?) -> Slot {
    func encode(_ privilege: PrivilegeLevels) throws -> EncodedEvent {
      try backend.encode(name, privilege: privilege, cpuIsKnown: cpuIsKnown)
    }
    let slot = slot(name, leader: leader) {
      let user = try encode(.user)
      return user.isSoftware ? (try? encode(.userAndKernel)) ?? user : user
    }
    guard case .failed(.denied, let reason) = slot.state, let event = slot.event, event.isSoftware,
      !event.happensInKernelOnly, let user = try? encode(.user), user != event
    else { return slot }
    var second = self.slot(name, leader: leader) { user }
    if case .open(let descriptor, let owner, _) = second.state {
      second.state = .open(descriptor: descriptor, leader: owner, note: "user mode only: \(reason)")
    }
    return second
  }

  private func slot(_ name: String, leader: Int32?, encode: () throws -> EncodedEvent) -> Slot {
    let event: EncodedEvent
    do {
      event = try encode()
    } catch {
      let reason = bareMessage(error)
      return Slot(name: name, event: nil, state: .failed(quality: .unsupported, reason: reason))
    }
    return Slot(name: name, event: event, state: open(event, leader: leader))
  }

  private func open(_ event: EncodedEvent, leader: Int32?) -> State {
    switch backend.open(event, on: target, leader: leader) {
    case .success(let descriptor):
      return .open(descriptor: descriptor, leader: leader ?? descriptor, note: nil)
    case .failure(let failure):
      // The kernel answers EINVAL both to a group that cannot fit and to an event that it does not know.
      let isFull = leader != nil && (failure.code == EINVAL || failure.code == ENOSPC)
      if isFull, multiplexing { return open(event, leader: nil) }
      return .failed(
        quality: isFull ? .notCounted : failure.quality,
        reason: failure.reason(isMember: leader != nil, target: target))
    }
  }
}
