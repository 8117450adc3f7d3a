/// A fact that differs between the start and the end of a run.
public struct MachineDrift: Codable, Equatable, Sendable {
  public var name: String
  public var before: String?
  public var after: String?
}

extension MachineState {
  /// The facts that changed from one state to the next, in the order of the first.
  ///
  /// Numbers that change by themselves count only when they change enough to matter:
  /// - load average: never, because at the end it is the load of the run itself;
  /// - available memory: by a quarter or more of what there was;
  /// - measured core frequency: by 5 % or more. A single reading on a shared machine is good to about 2 %.
  public static func drift(from before: MachineState, to after: MachineState) -> [MachineDrift] {
    let names =
      before.facts.map(\.name)
      + after.facts.map(\.name).filter { name in
        !before.facts.contains { $0.name == name }
      }
    return names.compactMap { name in
      let (old, new) = (before[name], after[name])
      return hasDrifted(name, old, new) ? MachineDrift(name: name, before: old, after: new) : nil
    }
  }

  /// The facts that make the fingerprints of two states differ, by name.
  public func identityChanges(to other: MachineState) -> [MachineDrift] {
    MachineState.identity.sorted().filter { self[$0] != other[$0] }.map {
      MachineDrift(name: $0, before: self[$0], after: other[$0])
    }
  }

  private static func hasDrifted(_ name: String, _ old: String?, _ new: String?) -> Bool {
    guard old != new else { return false }
    guard let a = old.flatMap(Double.init), let b = new.flatMap(Double.init) else { return true }
    switch name {
    case "load_average_1min": return false
    case "memory_available_bytes": return abs(a - b) >= 0.25 * a
    case "core_frequency_ghz": return abs(a - b) >= 0.05 * a
    default: return true
    }
  }
}
