import CLinux
import Support

/// A PMU outside the cores ("uncore": memory controllers, fabric, shared caches) as the kernel describes it in
/// /sys/bus/event_source/devices/NAME. It counts what a whole socket or die does, so it is opened on a CPU and not on a thread.
public struct SystemPMU: Equatable, Sendable {
  public var name: String
  /// The kernel's PMU type (`perf_event_attr.type`).
  public var type: UInt32
  /// The fields of its events' encodings, by name.
  public var formats: [String: BitField]
  /// The events that the kernel names, as terms such as `event=0x04,umask=0x03`.
  public var events: [String: String]
  /// The CPUs to open it on, one for each socket or die that it counts.
  public var cpus: [Int]

  /// One place at which a system PMU is opened.
  public struct Unit: Equatable, Sendable {
    public var pmu: SystemPMU
    public var cpu: Int
    /// The package of that CPU.
    public var socket: Int
  }

  static let directory = "sys/bus/event_source/devices"

  /// Every system PMU of the machine under `root`. A system PMU has a `cpumask`; the PMUs of cores have none.
  public static func all(root: String = "/") -> [SystemPMU] {
    let files = SystemFiles(root: root)
    return files.names(directory).compactMap { SystemPMU(name: $0, files: files) }
  }

  /// The PMUs that `base` stands for, as in perf: `uncore_imc` is uncore_imc itself and uncore_imc_0, uncore_imc_1 …, but
  /// not uncore_imc_free_running_0.
  static func instances(of base: String, root: String = "/") -> [SystemPMU] {
    let files = SystemFiles(root: root)
    func number(_ name: String) -> Int? {
      name == base ? -1 : name.hasPrefix("\(base)_") ? Int(name.dropFirst(base.count + 1)) : nil
    }
    return files.names(directory).compactMap { name in number(name).map { (name, $0) } }.sorted { $0.1 < $1.1 }
      .compactMap { SystemPMU(name: $0.0, files: files) }
  }

  /// Where to open the PMUs that `base` stands for.
  public static func units(of base: String, root: String = "/") -> [Unit] {
    let files = SystemFiles(root: root)
    // The whole topology is not read, because that takes tens of thousands of files on a large server.
    func socket(_ cpu: Int) -> Int {
      files.int("sys/devices/system/cpu/cpu\(cpu)/topology/physical_package_id").map { max($0, 0) } ?? 0
    }
    return instances(of: base, root: root).flatMap { pmu in
      pmu.cpus.map { Unit(pmu: pmu, cpu: $0, socket: socket($0)) }
    }
  }

  /// The driver of a PMU with this name, and what to do where it is missing.
  static func advice(_ base: String) -> String {
    if base.hasPrefix("amd_umc") {
      return "Linux 6.7 or later has it on Zen 4 and later (modprobe amd_uncore); a virtual machine has none"
    }
    if base.hasPrefix("amd_") { return "modprobe amd_uncore; a virtual machine has none" }
    if base.hasPrefix("uncore_") { return "modprobe intel_uncore; a virtual machine has none" }
    return "its driver is not loaded, or this machine has no such unit"
  }

  private init?(name: String, files: SystemFiles) {
    let directory = "\(Self.directory)/\(name)"
    guard let cpus = files.cpuList("\(directory)/cpumask"), !cpus.isEmpty,
      let type = files.int("\(directory)/type").flatMap({ UInt32(exactly: $0) })
    else { return nil }
    func entries(_ folder: String) -> [(String, String)] {
      files.names("\(directory)/\(folder)").compactMap { name in
        files.text("\(directory)/\(folder)/\(name)").map { (name, $0) }
      }
    }
    self.name = name
    self.type = type
    self.cpus = cpus
    formats = Dictionary(
      uniqueKeysWithValues: entries("format").compactMap { name, text in
        BitField(text).map { (name, $0) }
      })
    // The kernel may put an event's scale and unit beside it.
    events = Dictionary(
      uniqueKeysWithValues: entries("events").filter { name, _ in
        !name.hasSuffix(".scale") && !name.hasSuffix(".unit") && !name.hasSuffix(".snapshot")
      })
  }

  /// Encodes `name`, an event `pmu/terms/`. A term is `field=value`, a field alone for 1, or an event that the kernel
  /// names. Throws `InputError` where a term is unknown or a value does not fit.
  public func encode(_ name: String) throws -> EncodedEvent {
    guard let (_, terms) = Self.parts(of: name) else { throw InputError(key: name, "expected pmu/terms/") }
    var words: [UInt64] = [0, 0, 0]
    var spelt: [String] = []
    for term in try expanded(terms, in: name) {
      guard let field = formats[term.field] ?? BitField("\(term.field):0-63") else {
        let known = (formats.keys.sorted() + events.keys.sorted()).joined(separator: ", ")
        throw InputError(
          key: name, "expected fields or events of \(self.name) (\(known)), found '\(term.field)'")
      }
      guard field.store(term.value, in: &words) else {
        throw InputError(
          key: name, "expected \(term.field) of at most \(field.width) bits, found 0x\(String(term.value, radix: 16))")
      }
      spelt.append("\(term.field)=0x\(String(term.value, radix: 16))")
    }
    var attribute = [UInt8](repeating: 0, count: Int(LINUX_PERF_ATTRIBUTE_ROOM))
    let size = linux_perf_attribute(type, words, &attribute, attribute.count)
    return EncodedEvent(
      name: name, canonical: "\(self.name)/\(spelt.joined(separator: ","))/", type: type, config: words[0],
      attribute: Array(attribute.prefix(size)))
  }

  private func expanded(_ terms: String, in name: String) throws -> [(field: String, value: UInt64)] {
    try terms.split(separator: ",").map(String.init).flatMap { term -> [(field: String, value: UInt64)] in
      let sides = term.split(separator: "=", maxSplits: 1).map(String.init)
      if sides.count == 1, let event = events[term] {
        // The kernel's own terms name only fields, so this goes one level deep.
        return try event.split(separator: ",").flatMap { try expanded(String($0), in: name) }
      }
      guard sides.count == 2 else { return [(term, 1)] }
      guard let value = Self.number(sides[1]) else {
        throw InputError(key: name, "expected a number after \(sides[0])=, found '\(sides[1])'")
      }
      return [(sides[0], value)]
    }
  }

  private static func number(_ text: String) -> UInt64? {
    text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
  }

  /// `uncore_imc` and `cas_count_read` of `uncore_imc/cas_count_read/`; nil for any other shape.
  static func parts(of event: String) -> (pmu: String, terms: String)? {
    let parts = event.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 3, !parts[0].isEmpty, !parts[1].isEmpty, parts[2].isEmpty else { return nil }
    return (parts[0], parts[1])
  }
}

/// The bits of a field of an event, in sysfs's notation `config:0-7,32-35`: the value's low bits fill the first
/// range.
public struct BitField: Equatable, Sendable {
  /// The word: 0 for config, 1 for config1, 2 for config2.
  let word: Int
  let ranges: [ClosedRange<Int>]

  /// Nil where `text` is not in that notation.
  init?(_ text: String) {
    let parts = text.split(separator: ":").map(String.init)
    guard parts.count == 2, let word = ["config", "config1", "config2"].firstIndex(of: parts[0]) else { return nil }
    let ranges = parts[1].split(separator: ",").compactMap { range -> ClosedRange<Int>? in
      let ends = range.split(separator: "-").compactMap { Int($0) }
      guard let low = ends.first, let high = ends.last, ends.count <= 2, low <= high, high < 64, low >= 0 else {
        return nil
      }
      return low...high
    }
    guard !ranges.isEmpty, ranges.count == parts[1].split(separator: ",").count else { return nil }
    self.word = word
    self.ranges = ranges
  }

  var width: Int { ranges.reduce(0) { $0 + $1.count } }

  /// Writes `value`. Returns false and writes nothing where it does not fit.
  func store(_ value: UInt64, in words: inout [UInt64]) -> Bool {
    guard width >= 64 || value >> width == 0 else { return false }
    var rest = value
    for range in ranges {
      let mask = range.count == 64 ? UInt64.max : (1 << range.count) - 1
      words[word] |= (rest & mask) << range.lowerBound
      rest = range.count == 64 ? 0 : rest >> range.count
    }
    return true
  }
}
