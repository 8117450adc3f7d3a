import Support

/// The groups that one entry of an experiment's `counters` stands for on a machine, and the reason.
///
/// An entry is a group's name, a file, or a topic. Topics are `cache`, `tlb`, `flops`, `memory`, `cycles` and any
/// other that a group names. A topic stands for the groups made for this CPU, or for the kernel's generic ones where
/// there are none.
public struct CounterChoice: Codable, Equatable, Sendable {
  /// The entry as the experiment writes it.
  public var asked: String
  /// Empty where no group of the topic fits.
  public var groups: [CounterGroup]
  public var reason: String

  public init(asked: String, groups: [CounterGroup], reason: String) {
    self.asked = asked
    self.groups = groups
    self.reason = reason
  }

  /// The choice on the machine under `root`. Throws `InputError` for an entry that is neither a topic nor a group nor
  /// a file.
  public init(_ asked: String, root: String = "/") throws {
    self.asked = asked
    let all = asked.hasSuffix(".yaml") ? [] : try CounterGroup.all()
    let candidates = all.filter { $0.topic == asked }
    guard !candidates.isEmpty, !all.contains(where: { $0.name == asked }) else {
      groups = [try CounterGroup.load(asked, topics: [Self.automatic] + Self.topics(of: all))]
      reason = "named in the experiment"
      return
    }
    let own = candidates.filter { $0.cpu != nil && $0.mismatch(root: root) == nil }
    let generic = candidates.filter { $0.cpu == nil }
    let cpu = CPUMatch.cpu(root: root)
    if !own.isEmpty {
      groups = own
      reason = "made for this CPU (\(cpu))"
    } else if !generic.isEmpty {
      groups = generic
      reason =
        candidates.count == generic.count ? "the same on every CPU" : "generic: no group of this topic is for \(cpu)"
    } else {
      groups = []
      reason = "no group of this topic is for \(cpu), and there is no generic one"
    }
  }

  /// The entry that leaves the choice to the machine.
  public static let automatic = "auto"

  /// What `auto` comes to: the kernel's own events, and every topic that this CPU counts; where there are no hardware
  /// counters, valgrind in their place, where it is installed.
  public static func chosenByMachine(
    root: String = "/", backend: any CounterBackend = LibPFMBackend(),
    valgrind: () throws -> Valgrind = { try Valgrind.installed() }
  ) throws -> [CounterChoice] {
    var software = try CounterChoice("software", root: root)
    software.reason = "\(automatic): the kernel counts these everywhere"
    let cycles = CounterSession(events: ["perf::CYCLES", "perf::INSTRUCTIONS"], backend: backend)
    let readings = cycles.measure { (0..<10_000).reduce(0, &+) }.readings
    // Some hypervisors accept a counter and never count.
    let lacking = readings.first { $0.value ?? 0 == 0 }.map { $0.reason ?? "counters open but read 0" }
    guard let lacking else {
      return [software] + (try topics().map { try CounterChoice($0, root: root).counted(by: backend, root: root) })
    }
    let reason = "no hardware counters (\(lacking))"
    do {
      _ = try valgrind()
      let group = try CounterGroup.load(Valgrind.group)
      return [software, CounterChoice(asked: automatic, groups: [group], reason: "\(reason), so that valgrind counts")]
    } catch let error as any NotAvailableError {
      return [
        software,
        CounterChoice(asked: automatic, groups: [], reason: "\(reason), and no valgrind: \(bareMessage(error))"),
      ]
    }
  }

  /// The choice without the groups of which nothing is counted here.
  private func counted(by backend: any CounterBackend, root: String) -> CounterChoice {
    var choice = self
    var missing: String?
    choice.groups.removeAll { group in
      let trial = CounterTrial(group, backend: backend, root: root)
      if trial.counted == 0 { missing = missing ?? trial.reason }
      return trial.counted == 0
    }
    let left = missing.map { "; left out what is not counted here: \($0)" } ?? ""
    choice.reason = "\(Self.automatic): \(reason)\(left)"
    return choice
  }

  /// All topics, sorted.
  public static func topics() throws -> [String] { topics(of: try CounterGroup.all()) }

  private static func topics(of groups: [CounterGroup]) -> [String] { Set(groups.compactMap(\.topic)).sorted() }
}
