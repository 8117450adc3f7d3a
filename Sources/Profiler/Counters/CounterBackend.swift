/// Where counters come from: the kernel, a script for tests, or a recorded run.
///
/// Descriptors belong to the back end; errors are the kernel's error numbers. A session makes all calls on the thread
/// that is measured.
public protocol CounterBackend: Sendable {
  /// Where the counts come from if neither hardware nor kernel counted them now: `synthetic` or `replay`; nil
  /// otherwise.
  var origin: CounterOrigin? { get }

  /// Looks a name up; throws `InputError` where it is unknown. `cpuIsKnown` says that the event's group is known to
  /// be for this CPU, whether or not libpfm recognises the CPU.
  func encode(_ name: String, privilege: PrivilegeLevels, cpuIsKnown: Bool) throws -> EncodedEvent
  /// Opens a stopped counter: the leader of a new group, or a member of `leader`'s.
  func open(_ event: EncodedEvent, on target: CounterTarget, leader: Int32?) -> Result<Int32, CounterFailure>
  func enable(group leader: Int32) -> CounterFailure?
  func disable(group leader: Int32) -> CounterFailure?
  /// Reads the counts since the counters were opened, of all `members` at one moment: the leader first, then the
  /// others in the order in which they were opened. The kernel counts a group as a whole or not at all, so one pair
  /// of times holds for every member.
  func read(group leader: Int32, members: Int) -> Result<[CounterCounts], CounterFailure>
  func close(_ descriptor: Int32)

  /// The places at which the counters of the system PMU `name` are opened; empty where this machine has no such PMU.
  func units(of name: String) -> [SystemPMU.Unit]
  /// Looks up an event `pmu/terms/` of a system PMU; throws `InputError` where the PMU does not have it.
  func encode(_ name: String, at unit: SystemPMU.Unit) throws -> EncodedEvent
  /// The reading that is passed on. Back ends that know more about it than its counts may change it.
  func finished(_ reading: CounterReading, on target: CounterTarget) -> CounterReading
}

extension CounterBackend {
  public var origin: CounterOrigin? { nil }
  public func finished(_ reading: CounterReading, on target: CounterTarget) -> CounterReading { reading }
}

/// What a counter follows.
public enum CounterTarget: Hashable, Sendable {
  /// The calling thread, which is the worker with this index.
  case thread(Int)
  /// Everything counted by the system PMU of this CPU, whichever process causes it.
  case cpu(Int)
}

/// Where counts come from that neither hardware nor kernel counted now.
public enum CounterOrigin: String, Codable, Sendable {
  /// Valgrind counted the code, and simulated the caches.
  case valgrind
  /// A script made them up.
  case synthetic
  /// An earlier run recorded them.
  case replay
}

/// An error number from a back end.
public struct CounterFailure: Error, Equatable, Sendable {
  public var code: Int32
  /// The quality and reason that a recorded run gave, in place of those of the error number.
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
