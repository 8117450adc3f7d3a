import Glibc
import Support
import Synchronization

/// A back end that follows a script, so that tests meet every outcome of counting on a machine without a PMU.
public final class SyntheticBackend: CounterBackend {
  public enum Script: Sendable {
    /// Each enabled region advances the counter by these counts.
    case advances(CounterCounts)
    /// Opening fails with this error number.
    case fails(Int32)
    /// Opening fails with this error number unless only user mode is asked for.
    case failsInKernel(Int32, CounterCounts)
    /// Joining a group fails with this error number; leading one works.
    case failsAsMember(Int32, CounterCounts)
  }

  private struct Counter {
    var leader: Int32
    var advance: CounterCounts
    var counts = CounterCounts(raw: 0, enabledNs: 0, runningNs: 0)
  }

  public var origin: CounterOrigin? { .synthetic }

  private let scripts: [String: Script]
  private let softwareEvents: [String: UInt64]
  private let root: String?
  private let counters = Mutex<[Int32: Counter]>([:])

  /// - Parameters:
  ///   - scripts: the behaviour of each event, by its name or, for a system PMU, by the name that a unit encodes it to; a
  ///     suffix `@CPU` restricts it to that CPU. Other names are unknown.
  ///   - softwareEvents: the events that count as software events, with their kernel number.
  ///   - root: the root of the machine with the system PMUs; nil for a machine without any.
  public init(_ scripts: [String: Script], softwareEvents: [String: UInt64] = [:], root: String? = nil) {
    self.scripts = scripts
    self.softwareEvents = softwareEvents
    self.root = root
  }

  /// Counters that were opened and not closed.
  public var openCount: Int { counters.withLock(\.count) }

  public func units(of name: String) -> [SystemPMU.Unit] { root.map { SystemPMU.units(of: name, root: $0) } ?? [] }

  public func encode(_ name: String, at unit: SystemPMU.Unit) throws -> EncodedEvent {
    let event = try unit.pmu.encode(name)
    guard script(event, .cpu(unit.cpu)) != nil else { throw NotAvailable(key: name, "expected a scripted event") }
    return event
  }

  private func script(_ event: EncodedEvent, _ target: CounterTarget) -> Script? {
    guard case .cpu(let cpu) = target else { return scripts[event.name] }
    return scripts["\(event.canonical)@\(cpu)"] ?? scripts["\(event.name)@\(cpu)"] ?? scripts[event.canonical]
      ?? scripts[event.name]
  }

  public func encode(_ name: String, privilege: PrivilegeLevels, cpuIsKnown: Bool) throws -> EncodedEvent {
    guard scripts[name] != nil else { throw NotAvailable(key: name, "expected a scripted event") }
    let suffix = privilege == .user ? ":u=1:k=0" : ":u=1:k=1"
    let software = softwareEvents[name]
    return EncodedEvent(
      name: name, canonical: name + suffix, type: software == nil ? 4 : 1, config: software ?? 0,
      attribute: [privilege == .user ? 0 : 1])
  }

  public func open(_ event: EncodedEvent, on target: CounterTarget, leader: Int32?) -> Result<Int32, CounterFailure> {
    let countsKernel = event.attribute == [1]
    let advance: CounterCounts
    switch script(event, target) {
    case .advances(let counts): advance = counts
    case .fails(let code): return .failure(CounterFailure(code: code))
    case .failsInKernel(let code, let counts):
      if countsKernel { return .failure(CounterFailure(code: code)) }
      advance = counts
    case .failsAsMember(let code, let counts):
      if leader != nil { return .failure(CounterFailure(code: code)) }
      advance = counts
    case nil: return .failure(CounterFailure(code: ENOENT))
    }
    return counters.withLock { counters in
      let descriptor = (counters.keys.max() ?? 0) + 1
      counters[descriptor] = Counter(leader: leader ?? descriptor, advance: advance)
      return .success(descriptor)
    }
  }

  public func enable(group leader: Int32) -> CounterFailure? { nil }

  public func disable(group leader: Int32) -> CounterFailure? {
    counters.withLock { counters in
      for (descriptor, counter) in counters where counter.leader == leader {
        counters[descriptor]?.counts.raw += counter.advance.raw
        counters[descriptor]?.counts.enabledNs += counter.advance.enabledNs
        counters[descriptor]?.counts.runningNs += counter.advance.runningNs
      }
    }
    return nil
  }

  public func read(group leader: Int32, members: Int) -> Result<[CounterCounts], CounterFailure> {
    counters.withLock { counters in
      let group = counters.filter { $0.value.leader == leader }.sorted { $0.key < $1.key }.map(\.value.counts)
      return group.count == members ? .success(group) : .failure(CounterFailure(code: EIO))
    }
  }

  public func close(_ descriptor: Int32) {
    counters.withLock { counters in counters[descriptor] = nil }
  }
}
