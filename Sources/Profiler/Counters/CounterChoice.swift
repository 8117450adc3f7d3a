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
      groups = [try CounterGroup.load(asked, topics: Self.topics(of: all))]
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

  /// All topics, sorted.
  public static func topics() throws -> [String] { topics(of: try CounterGroup.all()) }

  private static func topics(of groups: [CounterGroup]) -> [String] { Set(groups.compactMap(\.topic)).sorted() }
}
