import Support

/// Whether an event of a counter group can be encoded. The check finds a misspelt name before a run, on any machine.
public struct EventCheck: Codable, Equatable, Sendable {
  public enum Status: String, Codable, Sendable {
    /// libpfm encodes it, or valgrind counts it.
    case encodes
    /// libpfm cannot check it, but the group names its source: a raw code with its manual and CPUs, or an event of a
    /// system PMU that this machine does not have with its documentation.
    case sourced
    /// Only builds of libpfm for another architecture have the table of this PMU.
    case unchecked
    case wrong
  }

  public var group: String
  public var event: String
  public var status: Status
  /// The canonical name, the source, or what is wrong.
  public var detail: String

  /// Checks every event of `group` against libpfm's tables, including those of other CPUs.
  public static func check(_ group: CounterGroup) -> [EventCheck] {
    group.events.map { event in
      let (status, detail) = verdict(event, in: group)
      return EventCheck(group: group.name, event: event, status: status, detail: detail)
    }
  }

  private static func verdict(_ event: String, in group: CounterGroup) -> (Status, String) {
    guard event.hasPrefix(group.scope == .thread ? "\(group.pmu)::" : "\(group.pmu)/") else {
      let form = group.scope == .thread ? "\(group.pmu)::…" : "\(group.pmu)/…/"
      return (.wrong, "expected an event of the group's PMU, '\(form)'")
    }
    guard group.scope == .thread else { return systemVerdict(event, in: group) }
    guard !group.isValgrinds else {
      guard let name = Valgrind.event(event) else {
        return (.wrong, "expected an event of callgrind (\(CallgrindTotals.events.joined(separator: ", ")))")
      }
      return (.encodes, "callgrind's \(name)")
    }
    let encoded: EncodedEvent
    do {
      encoded = try EventEncoder.encode(event)
    } catch {
      return isOfOtherArchitecture(group.pmu)
        ? (.unchecked, "this libpfm has no table '\(group.pmu)': it is built for another architecture")
        : (.wrong, bareMessage(error))
    }
    guard group.pmu == "perf_raw" else { return (.encodes, encoded.canonical) }
    // libpfm passes any number through, so only the manual can confirm it.
    guard let source = group.source else { return (.wrong, "expected 'source', the manual of a raw code") }
    guard let meaning = group.meanings[event] else { return (.wrong, "expected 'means', what a raw code counts") }
    guard group.cpu != nil else { return (.wrong, "expected 'cpu', the CPUs that a raw code is for") }
    return (.sourced, "\(meaning) (\(source))")
  }

  /// Only a machine with the PMU knows its fields and events; elsewhere the group's source stands for them.
  private static func systemVerdict(_ event: String, in group: CounterGroup) -> (Status, String) {
    guard let source = group.source else {
      return (.wrong, "expected 'source', where a system PMU's event is documented")
    }
    do {
      for pmu in SystemPMU.instances(of: group.pmu) where group.mismatch() == nil {
        return (.encodes, try pmu.encode(event).canonical)
      }
    } catch {
      return (.wrong, bareMessage(error))
    }
    return (.sourced, "\(group.meanings[event].map { "\($0) " } ?? "")(\(source))")
  }

  private static func isOfOtherArchitecture(_ pmu: String) -> Bool {
    #if arch(x86_64)
      return pmu.hasPrefix("arm_")
    #else
      return !pmu.hasPrefix("arm_") && !pmu.hasPrefix("perf")
    #endif
  }
}
