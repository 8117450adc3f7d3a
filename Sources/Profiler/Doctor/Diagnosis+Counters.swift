import Foundation
import Support

// What this machine allows a process to count.
extension Diagnosis {
  /// What the kernel permits.
  static func perfEvents(_ files: SystemFiles) -> Item {
    let name = "perf_events"
    guard let level = files.int("proc/sys/kernel/perf_event_paranoid") else {
      return Item(
        name, .unavailable, "no kernel.perf_event_paranoid: the kernel has no perf events",
        fix: "boot a kernel with CONFIG_PERF_EVENTS")
    }
    let capabilities = files.field("CapEff", in: "proc/self/status").flatMap { UInt64($0, radix: 16) } ?? 0
    let isAdmin = capabilities & Capability.sysAdmin != 0
    // Debian and Android added levels of 3 and more, which require CAP_SYS_ADMIN.
    let isPrivileged = isAdmin || (capabilities & Capability.perfmon != 0 && level < 3)
    let privilege = isPrivileged ? ", and this process has \(isAdmin ? "CAP_SYS_ADMIN" : "CAP_PERFMON")" : ""
    let text = "kernel.perf_event_paranoid is \(level)\(privilege)"
    switch level {
    case _ where isPrivileged, ...0: return Item(name, .ok, "\(text): threads and whole sockets may be counted")
    case 1, 2:
      return Item(
        name, .degraded, "\(text): own threads may be counted, whole sockets (memory traffic) not",
        fix: "sudo sysctl kernel.perf_event_paranoid=0, or grant CAP_PERFMON")
    default:
      return Item(
        name, .degraded, "\(text): counting takes CAP_SYS_ADMIN",
        fix: "sudo sysctl kernel.perf_event_paranoid=0 (2 for own threads only)")
    }
  }

  private enum Capability {
    // Bits of linux/capability.h.
    static let sysAdmin: UInt64 = 1 << 21
    static let perfmon: UInt64 = 1 << 38
  }

  static func hardwareCounters(_ backend: any CounterBackend) -> Item {
    let session = CounterSession(events: ["perf::CYCLES", "perf::INSTRUCTIONS"], backend: backend)
    let readings = session.measure { (0..<10_000).reduce(0, &+) }.readings
    if let failure = readings.first(where: { $0.value == nil }) {
      return Item(
        "hardware_counters", .unavailable, failure.reason ?? "no reason given",
        fix: failure.quality == .unsupported
          ? "use bare metal or a VM with a virtual PMU; times, software events and modelled counts work without"
          : "sudo sysctl kernel.perf_event_paranoid=1, or run with CAP_PERFMON; times and modelled counts work without")
    }
    // Some hypervisors accept a counter and never count.
    if readings.contains(where: { $0.value == 0 }) {
      return Item(
        "hardware_counters", .unavailable, "counters open but read 0: the hypervisor ignores them",
        fix: "use bare metal, or let the hypervisor pass its PMU through")
    }
    let isScaled = readings.contains { $0.quality == .scaled }
    return isScaled
      ? Item(
        "hardware_counters", .degraded, "two counters already share hardware with another profiler",
        fix: "end other profilers (perf, a monitoring agent), or sudo sysctl kernel.nmi_watchdog=0")
      : Item("hardware_counters", .ok, "cycles and instructions count")
  }

  static func softwareCounters(_ backend: any CounterBackend) -> Item {
    let session = CounterSession(events: ["perf::PAGE-FAULTS", "perf::CONTEXT-SWITCHES"], backend: backend)
    let readings = session.measure {}.readings
    let missing = readings.filter { $0.value == nil }
    guard let first = missing.first else {
      return Item("software_counters", .ok, "page faults and context switches count")
    }
    return Item(
      "software_counters", missing.count == readings.count ? .unavailable : .degraded,
      "\(first.event): \(first.reason ?? "no reason given")",
      fix: "sudo sysctl kernel.perf_event_paranoid=1, or run with CAP_PERFMON")
  }

  /// What stands in for hardware counters.
  static func valgrind(_ topology: Topology, searchPath: String? = nil) -> Item {
    do {
      let valgrind = try searchPath.map { try Valgrind.installed(searchPath: $0) } ?? Valgrind.installed()
      guard let cpu = topology.allowedCPUs.first else {
        throw NotAvailable("expected a CPU that may be used, found none")
      }
      let caches = try ValgrindCaches(topology, cpu: cpu)
      return Item(
        "valgrind", .ok,
        "\(valgrind.executable) counts instructions, accesses and branches on the AVX2 path, and simulates "
          + ([caches.text] + caches.notes).joined(separator: "; "))
    } catch {
      return Item(
        "valgrind", .unavailable, bareMessage(error),
        fix: "apt-get install valgrind; without it and without hardware counters, traffic is modelled alone")
    }
  }

  static func counterSelfCheck(_ backend: any CounterBackend, root: String = "/") -> Item {
    let checks = ((try? CounterGroup.all()) ?? []).flatMap { CounterSelfCheck.run($0, backend: backend, root: root) }
    func name(_ check: CounterSelfCheck) -> String { "\(check.group)/\(check.kernel.rawValue)" }
    if let suspect = checks.first(where: { $0.status == .suspect }) {
      return Item(
        "counter_self_check", .degraded, "\(name(suspect)): \(suspect.reason)",
        fix: "do not rely on these events here (runs mark them suspect); use bare metal, or another event")
    }
    let passed = checks.filter { $0.status == .passed }
    guard !passed.isEmpty else {
      return Item(
        "counter_self_check", .unavailable, "no counter to check: \(checks.first?.reason ?? "no groups")",
        fix: "see hardware_counters and software_counters")
    }
    let listed = passed.map { "\(name($0)) \($0.reason)" }.joined(separator: "; ")
    return Item("counter_self_check", .ok, "\(listed); \(checks.count - passed.count) checks have no counter here")
  }

  static func eventTables(root: String = "/") -> Item {
    let name = "event_tables"
    guard let pmus = try? EventCatalogue.pmus() else {
      return Item(name, .unavailable, "libpfm does not start", fix: "apt-get install libpfm4")
    }
    let generic = ["perf", "perf_raw"]
    let present = pmus.filter { $0.isPresent && !generic.contains($0.name) }.map(\.name)
    guard present.isEmpty else {
      return Item(name, .ok, "libpfm's tables for this CPU: \(present.joined(separator: ", "))")
    }
    let own = ((try? CounterGroup.all()) ?? []).filter { $0.cpu != nil && $0.mismatch(root: root) == nil }.map(\.name)
    let text = "libpfm has \(pmus.count) tables, none that it recognises as this CPU's"
    return own.isEmpty
      ? Item(
        name, .degraded, "\(text), and no counter group is for it: generic and raw events only",
        fix: "install a newer libpfm, or write a group with raw codes (perf_raw::rXXXX) from the CPU's manual")
      : Item(
        name, .degraded, "\(text); counter groups made for it: \(own.joined(separator: ", "))",
        fix: "install a newer libpfm to use its events by name; the groups work without")
  }

  /// The topics that an experiment can count here.
  static func counterTopics(_ backend: any CounterBackend, root: String = "/") -> Item {
    let name = "counter_topics"
    guard let topics = try? CounterChoice.topics() else {
      return Item(name, .unavailable, "the counter groups are not beside the program", fix: "build it again")
    }
    var counted: [String] = []
    var others: [String] = []
    for topic in topics {
      guard let choice = try? CounterChoice(topic, root: root), !choice.groups.isEmpty else {
        others.append("\(topic) (no group)")
        continue
      }
      let groups = choice.groups.map(\.name).joined(separator: " ")
      let isCounted = choice.groups.allSatisfy { CounterTrial($0, backend: backend, root: root).reason == nil }
      if isCounted { counted.append("\(topic) (\(groups))") } else { others.append("\(topic) (\(groups))") }
    }
    let list = others.isEmpty ? "" : "; without values here: \(others.joined(separator: ", "))"
    let text = counted.isEmpty ? "none is counted" : "counted: \(counted.joined(separator: ", "))"
    return others.isEmpty
      ? Item(name, .ok, text)
      : Item(
        name, counted.isEmpty ? .unavailable : .degraded, text + list,
        fix: "'lookahead events groups' says why for each; runs leave those columns empty, with the reason")
  }

  /// The memory controllers' own counters.
  static func memoryTraffic(_ backend: any CounterBackend, root: String = "/") -> Item {
    let name = "memory_traffic"
    guard let choice = try? CounterChoice("memory", root: root) else {
      return Item(name, .unavailable, "the counter groups are not beside the program", fix: "build it again")
    }
    guard !choice.groups.isEmpty else {
      return Item(
        name, .unavailable, "no counter group for this CPU's memory controllers",
        fix:
          "write a group with scope: socket for one of its PMUs in /\(SystemPMU.directory); modelled traffic works without"
      )
    }
    let failed = choice.groups.compactMap { CounterTrial($0, backend: backend, root: root).reason }
    guard let reason = failed.first else {
      let sockets = Set(choice.groups.flatMap { backend.units(of: $0.pmu).map(\.socket) }).count
      return Item(name, .ok, "\(choice.groups.map(\.name).joined(separator: " ")) count over \(sockets) sockets")
    }
    return Item(
      name, .unavailable, "\(choice.groups.map(\.name).joined(separator: " ")): \(reason)",
      fix: "use bare metal or follow the advice; modelled traffic works without")
  }
}
