import ArgumentParser
import Profiler
import Support

struct EventsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events",
    abstract: "List, show, encode and check performance events by their libpfm names.",
    discussion: """
      Names are pmu::EVENT:umask:modifier. Every x86 table can be shown and encoded on every x86 machine, with its PMU as
      the prefix, such as amd64_fam19h_zen4::RETIRED_INSTRUCTIONS or spr::MEM_LOAD_RETIRED:L1_MISS.
      """,
    subcommands: [List.self, Groups.self, Show.self, Encode.self, Check.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the events of this machine's PMUs, or of one PMU.")

    @Option(help: "The PMU whose events are listed; 'all' lists the PMUs that libpfm knows.")
    var pmu: String?

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() throws {
      if pmu == "all" { return try listPMUs() }
      let events = try EventCatalogue.list(pmu: pmu)
      if json { return try printJSON(EventList(events: events)) }
      for event in events { print("\(event.fullName)  \(event.description)") }
    }

    private func listPMUs() throws {
      let pmus = try EventCatalogue.pmus()
      if json { return try printJSON(PMUList(pmus: pmus)) }
      printTable(
        ["pmu", "events", "present", "description"],
        pmus.map { [$0.name, "\($0.eventCount)", $0.isPresent ? "yes" : "no", $0.description] })
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show an event, or all whose names contain the text, with their umasks.")

    @Argument(help: "An event's name, or a part of one.")
    var name: String

    @Option(help: "The PMU to search; this machine's PMUs without it.")
    var pmu: String?

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() throws {
      let events = try EventCatalogue.search(name, pmu: pmu)
      guard !events.isEmpty else {
        // Encoding the same name gives an error with near matches.
        _ = try EventEncoder.encode(pmu.map { name.contains("::") ? name : "\($0)::\(name)" } ?? name)
        throw InputError(key: name, "expected an event that libpfm knows")
      }
      if json { return try printJSON(EventList(events: events)) }
      for event in events {
        print("\(event.fullName)\n  \(event.description)")
        for umask in event.umasks {
          print("  :\(umask.name)\(umask.isDefault ? " (default)" : "")  \(umask.description)")
        }
      }
    }
  }

  struct Encode: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Encode an event as the kernel's type and config.",
      discussion: "An event that encodes is one that libpfm knows, not one that this machine can count.")

    @Argument(help: "An event's name.")
    var name: String

    @Option(help: "The PMU whose table is used, for a name without a prefix.")
    var pmu: String?

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() throws {
      let full = pmu.map { name.contains("::") ? name : "\($0)::\(name)" } ?? name
      let event = try EventEncoder.encode(full)
      if json { return try printJSON(event) }
      print("name       \(event.name)")
      print("canonical  \(event.canonical)")
      print("type       \(event.type)")
      print("config     0x\(String(event.config, radix: 16))")
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check that every event of the counter groups can be encoded.",
      discussion: """
        Without names, it checks all groups of the package, with tables of other CPUs as well; raw codes, which \
        libpfm passes through, must name their manual and their CPUs. Exits 1 where an event is wrong.
        """)

    @Argument(help: "Counter groups, or YAML files of groups.")
    var groups: [String] = []

    @Option(help: "Only groups of this PMU.")
    var pmu: String?

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() throws {
      let all = try groups.isEmpty ? CounterGroup.all() : groups.map { try CounterGroup.load($0) }
      let chosen = all.filter { pmu == nil || $0.pmu == pmu }
      guard !chosen.isEmpty else {
        let known = Set(all.map(\.pmu)).sorted().joined(separator: ", ")
        throw InputError(key: pmu, "expected the PMU of a counter group (\(known))")
      }
      let checks = chosen.flatMap { EventCheck.check($0) }
      let wrong = checks.filter { $0.status == .wrong }
      if json {
        try printJSON(CheckList(groups: chosen.count, events: checks, passed: wrong.isEmpty))
      } else {
        for check in checks { print("\(check.status.rawValue)  \(check.group)  \(check.event)  \(check.detail)") }
        let unchecked = checks.count { $0.status == .unchecked }
        print(
          "\(checks.count) events of \(chosen.count) groups: \(wrong.count) wrong"
            + (unchecked == 0 ? "" : ", \(unchecked) that this libpfm cannot check"))
      }
      if !wrong.isEmpty { throw ExitCode.failure }
    }
  }
}

extension EventsCommand {
  struct Groups: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show the groups behind each topic of an experiment's counters, and whether they can be counted.",
      discussion: """
        A topic (cache, tlb, flops, memory, cycles …) stands for the counter groups for this CPU where there are any, \
        and otherwise for the kernel's generic ones. Each group that would be counted is tried. auto stands \
        for all that is counted here, and for valgrind where there are no hardware counters.
        """)

    @Flag(help: "List every group, those for other CPUs too.")
    var all = false

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() throws {
      let automatic = try CounterChoice.chosenByMachine()
      let auto = GroupList.Topic(
        topic: CounterChoice.automatic,
        reason: automatic.first { $0.asked == CounterChoice.automatic }?.reason ?? "all that this CPU counts",
        groups: automatic.flatMap(\.groups).map { GroupList.Group($0, trial: CounterTrial($0)) })
      let topics =
        [auto]
        + (try CounterChoice.topics().map { topic in
          let choice = try CounterChoice(topic)
          return GroupList.Topic(
            topic: topic, reason: choice.reason,
            groups: choice.groups.map { GroupList.Group($0, trial: CounterTrial($0)) })
        })
      let others = all ? try CounterGroup.all().map { GroupList.Group($0, trial: nil) } : []
      if json { return try printJSON(GroupList(topics: topics, groups: all ? others : nil)) }
      for topic in topics {
        print("\(topic.topic): \(topic.reason)")
        for group in topic.groups {
          print(
            "  \(group.name)  \(group.counted ?? 0) of \(group.events.count) events counted\(group.reason.map { ": \($0)" } ?? "")"
          )
        }
      }
      guard all else { return }
      print("")
      for group in others { print("\(group.name)  \(group.reason.map { "not here: \($0)" } ?? group.description)") }
    }
  }
}

private struct GroupList: Encodable {
  struct Topic: Encodable {
    var topic: String
    var reason: String
    var groups: [Group]
  }

  struct Group: Encodable {
    var name: String
    var pmu: String
    var scope: CounterGroup.Scope
    var description: String
    var events: [String]
    var metrics: [String]
    /// The quantities of traffic that the events tell.
    var traffic: [TrafficQuantity]
    /// The number of events with a value; nil where the group was not tried.
    var counted: Int?
    /// The reason why events have no value, or why the group is not for this CPU.
    var reason: String?

    init(_ group: CounterGroup, trial: CounterTrial?) {
      name = group.name
      pmu = group.pmu
      scope = group.scope
      description = group.description
      events = group.events
      metrics = group.metrics.map(\.name)
      traffic = group.traffic.map(\.quantity)
      counted = trial?.counted
      reason = trial == nil ? group.mismatch() : trial?.reason
    }

    private enum CodingKeys: CodingKey {
      case name, pmu, scope, description, events, metrics, traffic, counted, reason
    }

    /// Writes null for missing values, so that every group has the same keys.
    func encode(to encoder: Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(name, forKey: .name)
      try container.encode(pmu, forKey: .pmu)
      try container.encode(scope, forKey: .scope)
      try container.encode(description, forKey: .description)
      try container.encode(events, forKey: .events)
      try container.encode(metrics, forKey: .metrics)
      try container.encode(traffic, forKey: .traffic)
      try container.encode(counted, forKey: .counted)
      try container.encode(reason, forKey: .reason)
    }
  }

  var topics: [Topic]
  /// Every group; nil without `--all`.
  var groups: [Group]?
}

private struct CheckList: Encodable {
  var groups: Int
  var events: [EventCheck]
  var passed: Bool
}

private struct EventList: Encodable {
  var events: [EventCatalogue.Event]
}

private struct PMUList: Encodable {
  var pmus: [EventCatalogue.PMU]
}
