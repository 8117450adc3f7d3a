/// Where counters come from: the kernel, or a script for tests.
///
/// Descriptors are the back end's own; errors are the kernel's error numbers. A session calls everything on the thread
/// that is measured.
public protocol CounterBackend: Sendable {
  /// Looks a name up; throws `InputError` where it is not known.
  func encode(_ name: String, privilege: PrivilegeLevels) throws -> EncodedEvent
  /// Opens a stopped counter on the calling thread: the leader of a new group, or a member of `leader`'s.
  func open(_ event: EncodedEvent, leader: Int32?) -> Result<Int32, CounterFailure>
  func enable(group leader: Int32) -> CounterFailure?
  func disable(group leader: Int32) -> CounterFailure?
  /// Reads counts since the counters were opened, all members at one moment: the leader, then the others in the order in
  /// which they were opened, `members` in all. The kernel counts a group all together or not at all, so one pair of times
  /// holds for every member.
  func read(group leader: Int32, members: Int) -> Result<[CounterCounts], CounterFailure>
  func close(_ descriptor: Int32)
}

/// An error number from a back end.
public struct CounterFailure: Error, Equatable, Sendable {
  public var code: Int32

  public init(code: Int32) {
    self.code = code
  }
}
