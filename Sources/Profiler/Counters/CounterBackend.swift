/// Where counters come from: the kernel, a script for tests, or a recorded run.
///
/// Descriptors are the back end's own; errors are the kernel's error numbers. A session calls everything on the thread
/// that is measured.
public protocol CounterBackend: Sendable {
  /// What the counts are where no hardware or kernel counted them now: `synthetic` or `replay`.
  var origin: CounterOrigin? { get }

  /// Looks a name up; throws `InputError` where it is not known. With `cpuIsKnown` the event's group has been found to be
  /// for this CPU, whether or not libpfm recognises the CPU.
  func encode(_ name: String, privilege: PrivilegeLevels, cpuIsKnown: Bool) throws -> EncodedEvent
  /// Opens a stopped counter: the leader of a new group, or a member of `leader`'s.
  func open(_ event: EncodedEvent, on target: CounterTarget, leader: Int32?) -> Result<Int32, CounterFailure>
  func enable(group leader: Int32) -> CounterFailure?
  func disable(group leader: Int32) -> CounterFailure?
  /// Reads counts since the counters were opened, all members at one moment: the leader, then the others in the order in
  /// which they were opened, `members` in all. The kernel counts a group all together or not at all, so one pair of times
  /// holds for every member.
  func read(group leader: Int32, members: Int) -> Result<[CounterCounts], CounterFailure>
  func close(_ descriptor: Int32)

  /// The places at which the counters of the system PMU `name` are opened; none where this machine has no such PMU.
  func units(of name: String) -> [SystemPMU.Unit]
  /// Looks up an event `pmu/terms/` of a system PMU; throws `InputError` where the PMU does not have it.
  func encode(_ name: String, at unit: SystemPMU.Unit) throws -> EncodedEvent
  /// A reading as it is passed on: unchanged, but for back ends that know more of it than its counts.
  func finished(_ reading: CounterReading, on target: CounterTarget) -> CounterReading
}

extension CounterBackend {
  public var origin: CounterOrigin? { nil }
  public func finished(_ reading: CounterReading, on target: CounterTarget) -> CounterReading { reading }
}

/// What a counter follows.
public enum CounterTarget: Hashable, Sendable {
  /// The calling thread, which is the worker of this index.
  case thread(Int)
  /// Everything that happens behind this CPU's share of a system PMU, whoever causes it.
  case cpu(Int)
}

/// Counts that no hardware or kernel made just now.
public enum CounterOrigin: String, Codable, Sendable {
  /// A script made them up.
  case synthetic
  /// An earlier run recorded them.
  case replay
}

/// An error number from a back end.
public struct CounterFailure: Error, Equatable, Sendable {
  public var code: Int32
  /// What a recorded run said of it, in place of what the number means.
  public var recorded: Recorded?

  public struct Recorded: Equatable, Sendable {
    public var quality: CounterQuality
    public var reason: String
  }

  public init(code: Int32, recorded: Recorded? = nil) {
    self.code = code
    self.recorded = recorded
  }
}
