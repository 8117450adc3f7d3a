import CLibPFM
import Foundation
import Support

/// The contents of libpfm's tables.
public enum EventCatalogue {
  public struct PMU: Codable, Equatable, Sendable {
    public var name: String
    public var description: String
    /// Whether libpfm found it on this machine. The kernel may still refuse to count with it.
    public var isPresent: Bool
    public var eventCount: Int
  }

  public struct Event: Codable, Equatable, Sendable {
    public var pmu: String
    public var name: String
    public var description: String
    public var umasks: [Umask]

    /// `pmu::NAME`, as the encoder takes it.
    public var fullName: String { "\(pmu)::\(name)" }
  }

  public struct Umask: Codable, Equatable, Sendable {
    public var name: String
    public var description: String
    /// Counted when the event is named without a umask.
    public var isDefault: Bool
  }

  /// Every PMU that libpfm knows, those of this machine first.
  public static func pmus() throws -> [PMU] {
    try EventEncoder.Library.start()
    return knownPMUs().map { PMU($0.info) }.sorted { ($0.isPresent ? 0 : 1, $0.name) < ($1.isPresent ? 0 : 1, $1.name) }
  }

  /// The events of one PMU, or of all PMUs of this machine.
  public static func list(pmu name: String? = nil) throws -> [Event] {
    try EventEncoder.Library.start()
    let known = knownPMUs()
    guard let name else { return known.filter { $0.info.is_present != 0 }.flatMap { events(of: $0.info) } }
    guard let pmu = known.first(where: { text($0.info.name).lowercased() == name.lowercased() }) else {
      throw unknownPMU(name, in: name)
    }
    return events(of: pmu.info)
  }

  /// The events whose name contains `text`, in one PMU or all of this machine's.
  public static func search(_ text: String, pmu: String? = nil) throws -> [Event] {
    // A full name contains its PMU.
    let parts = text.components(separatedBy: "::")
    let (pmu, pattern) = parts.count == 2 ? (parts[0], parts[1]) : (pmu, text)
    let name = pattern.split(separator: ":").first.map(String.init) ?? pattern
    let events = try list(pmu: pmu)
    let exact = events.filter { $0.name.lowercased() == name.lowercased() }
    return exact.isEmpty ? events.filter { $0.name.lowercased().contains(name.lowercased()) } : exact
  }

  /// The error of a name that could not be encoded: libpfm's text, and near matches.
  static func explain(unknown name: String, code: Int32) -> InputError {
    let reason = EventEncoder.Library.text(code)
    let parts = name.components(separatedBy: "::")
    let pmuName = parts.count == 2 ? parts[0] : nil
    if let pmuName, !knownPMUs().contains(where: { text($0.info.name).lowercased() == pmuName.lowercased() }) {
      return unknownPMU(pmuName, in: name)
    }
    let fields = (parts.last ?? name).split(separator: ":").map(String.init)
    let eventName = fields.first ?? name
    let events = (try? list(pmu: pmuName)) ?? []
    let prefix = pmuName.map { "\($0)::" } ?? ""
    var hint = ""
    if let event = events.first(where: { $0.name.lowercased() == eventName.lowercased() }) {
      let umasks = event.umasks.map(\.name)
      let near = fields.dropFirst().compactMap { nearestName(to: $0.uppercased(), among: umasks) }.first
      if let near { hint = "; did you mean '\(prefix)\(event.name):\(near)'?" }
      if !umasks.isEmpty { hint += " (umasks: \(umasks.joined(separator: ", ")))" }
    } else {
      let near = nearMatches(to: eventName.uppercased(), among: events.map(\.name))
      if !near.isEmpty { hint = "; near matches: " + near.map { prefix + $0 }.joined(separator: ", ") }
    }
    return InputError(key: name, "expected an event that libpfm knows: \(reason)\(hint)")
  }

  private static func unknownPMU(_ name: String, in key: String) -> InputError {
    let names = knownPMUs().map { text($0.info.name) }
    let near = nearMatches(to: name.lowercased(), among: names)
    let hint =
      near.isEmpty ? "; 'events list' names those of this machine" : "; near matches: \(near.joined(separator: ", "))"
    return InputError(key: key, "expected a PMU that libpfm knows\(hint)")
  }

  /// The nearest name by edit distance, then names that contain the text or are contained in it; at most eight, so
  /// that a person reads them.
  private static func nearMatches(to name: String, among candidates: [String]) -> [String] {
    var matches = nearestName(to: name, among: candidates).map { [$0] } ?? []
    // Shorter fragments match half of the table.
    if name.count >= 3 {
      matches += candidates.filter { !matches.contains($0) && $0.lowercased().contains(name.lowercased()) }
    }
    if matches.isEmpty, let word = name.split(separator: "_").max(by: { $0.count < $1.count }), word.count >= 4 {
      matches = candidates.filter { $0.contains(word) }
    }
    return Array(matches.prefix(8))
  }

  // MARK: - libpfm's tables

  private static func knownPMUs() -> [(id: pfm_pmu_t, info: pfm_pmu_info_t)] {
    guard (try? EventEncoder.Library.start()) != nil else { return [] }
    return (0..<PFM_PMU_MAX.rawValue).compactMap { raw in
      var info = pfm_pmu_info_t()
      info.size = MemoryLayout<pfm_pmu_info_t>.size
      let id = pfm_pmu_t(rawValue: raw)
      return pfm_get_pmu_info(id, &info) == PFM_SUCCESS ? (id, info) : nil
    }
  }

  private static func events(of pmu: pfm_pmu_info_t) -> [Event] {
    var events: [Event] = []
    var index = pmu.first_event
    while index != -1 {
      var info = pfm_event_info_t()
      info.size = MemoryLayout<pfm_event_info_t>.size
      if pfm_get_event_info(index, PFM_OS_NONE, &info) == PFM_SUCCESS {
        events.append(
          Event(
            pmu: text(pmu.name), name: text(info.name), description: text(info.desc),
            umasks: umasks(of: index, count: Int32(info.nattrs))))
      }
      index = pfm_get_event_next(index)
    }
    return events
  }

  private static func umasks(of event: Int32, count: Int32) -> [Umask] {
    (0..<count).compactMap { index in
      var info = pfm_event_attr_info_t()
      info.size = MemoryLayout<pfm_event_attr_info_t>.size
      guard pfm_get_event_attr_info(event, index, PFM_OS_NONE, &info) == PFM_SUCCESS,
        info.type == PFM_ATTR_UMASK
      else { return nil }
      return Umask(name: text(info.name), description: text(info.desc), isDefault: info.is_dfl != 0)
    }
  }
}

private func text(_ pointer: UnsafePointer<CChar>?) -> String {
  pointer.map { String(cString: $0) } ?? ""
}

extension EventCatalogue.PMU {
  fileprivate init(_ info: pfm_pmu_info_t) {
    self.init(
      name: text(info.name), description: text(info.desc), isPresent: info.is_present != 0,
      eventCount: Int(info.nevents))
  }
}
