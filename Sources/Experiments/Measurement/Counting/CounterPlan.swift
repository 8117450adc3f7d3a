import Plans
import Profiler
import RunStore

/// The counters of a run: the entries of its experiment's `counters`, resolved for the CPU it runs on.
public struct CounterPlan {
  public var choices: [CounterChoice]
  /// Whether all groups are counted in one pass, multiplexed by the kernel.
  public var multiplex = false
  /// Self-checks of the groups, made before the first point.
  public var checks: [CounterSelfCheck] = []
  /// The source of a point's counts.
  public var backend: (Point) -> any CounterBackend = { _ in LibPFMBackend() }
  /// The root of the file system whose CPU the groups are matched with.
  public var root = "/"

  public init(_ names: [String], root: String = "/") throws {
    choices = []
    self.root = root
    for name in names {
      let own =
        name == CounterChoice.automatic
        ? try CounterChoice.chosenByMachine(root: root) : [try CounterChoice(name, root: root)]
      choices += own.filter { new in !choices.contains { $0.asked == new.asked } }
    }
  }

  public init(groups: [CounterGroup]) {
    choices = groups.map { CounterChoice(asked: $0.name, groups: [$0], reason: "given") }
  }

  /// Each group once, in the order of the experiment.
  public var groups: [CounterGroup] {
    choices.flatMap(\.groups).reduce(into: []) { groups, group in
      if !groups.contains(where: { $0.name == group.name }) { groups.append(group) }
    }
  }

  /// The group that valgrind counts, in a process of its own; nil where none is asked for.
  var valgrind: CounterGroup? { groups.first(where: \.isValgrinds) }

  /// The choice for each entry and its reason, for the run's facts.
  public func facts(_ when: FactTime) -> [FactRow] {
    choices.map { choice in
      let names = choice.groups.map(\.name).joined(separator: " ")
      return FactRow(
        when: when, name: "\(FactName.counterChoice)\(choice.asked)",
        value: choice.groups.isEmpty ? nil : "\(names): \(choice.reason)",
        reason: choice.groups.isEmpty ? choice.reason : nil)
    }
  }
}
