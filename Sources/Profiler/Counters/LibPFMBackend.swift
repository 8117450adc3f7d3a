import CLinux
import Foundation
import Glibc
import Support

/// Real counters: names from libpfm and sysfs, counts from the kernel's perf events.
public struct LibPFMBackend: CounterBackend {
  private static let presentPMUs = Set(((try? EventCatalogue.pmus()) ?? []).filter(\.isPresent).map(\.name))

  public init() {}

  public func encode(_ name: String, privilege: PrivilegeLevels, cpuIsKnown: Bool) throws -> EncodedEvent {
    let event = try EventEncoder.encode(name, privilege: privilege)
    // Encoding works with the tables of every CPU, but a code of another CPU would count some other event here.
    let pmu = event.canonical.components(separatedBy: "::").first ?? ""
    guard cpuIsKnown || Self.presentPMUs.contains(pmu) else {
      throw NotAvailable(key: name, "the event belongs to '\(pmu)', which is not this machine's PMU")
    }
    return event
  }

  public func open(_ event: EncodedEvent, on target: CounterTarget, leader: Int32?) -> Result<Int32, CounterFailure> {
    let cpu: Int32
    switch target {
    case .thread: cpu = -1
    case .cpu(let number): cpu = Int32(clamping: number)
    }
    let descriptor = event.attribute.withUnsafeBytes { linux_perf_open($0.baseAddress, $0.count, cpu, leader ?? -1) }
    return descriptor >= 0 ? .success(descriptor) : .failure(CounterFailure(code: -descriptor))
  }

  public func enable(group leader: Int32) -> CounterFailure? {
    failure(linux_perf_enable_group(leader))
  }

  public func disable(group leader: Int32) -> CounterFailure? {
    failure(linux_perf_disable_group(leader))
  }

  public func read(group leader: Int32, members: Int) -> Result<[CounterCounts], CounterFailure> {
    let header = Int(LINUX_PERF_HEADER)
    var words = [UInt64](repeating: 0, count: header + members)
    if let failure = failure(linux_perf_read_group(leader, &words, members)) { return .failure(failure) }
    let (enabled, running) = (words[1], words[2])
    return .success(words[header...].map { CounterCounts(raw: $0, enabledNs: enabled, runningNs: running) })
  }

  public func close(_ descriptor: Int32) {
    Glibc.close(descriptor)
  }

  public func units(of name: String) -> [SystemPMU.Unit] { SystemPMU.units(of: name) }

  public func encode(_ name: String, at unit: SystemPMU.Unit) throws -> EncodedEvent { try unit.pmu.encode(name) }

  private func failure(_ result: Int32) -> CounterFailure? {
    result < 0 ? CounterFailure(code: -result) : nil
  }
}
