import Support

/// The CPUs that a group's events are for, in the terms of /proc/cpuinfo.
public enum CPUMatch: Codable, Equatable, Sendable {
  /// x86: `vendor_id`, `cpu family` and `model`; all models of the family where none is named.
  case x86(vendor: String, family: Int, models: [ClosedRange<Int>])
  /// Arm: `CPU implementer` and `CPU part`, which are hexadecimal there.
  case arm(implementer: Int, parts: [Int])

  /// Reads `{vendor, family, models}` or `{implementer, parts}`; a model is a number or a range such as `0x10-0x1f`.
  public init(yaml: YAMLValue) throws {
    let object = try yaml.object(keys: ["vendor", "family", "models", "implementer", "parts"])
    if let implementer = object["implementer"] {
      self = .arm(
        implementer: try implementer.int(in: 0...0xff),
        parts: try object.required("parts").list().map { try $0.int(in: 0...0xfff) })
    } else {
      self = .x86(
        vendor: try object.required("vendor").string(), family: try object.required("family").int(in: 0...4095),
        models: try object["models"]?.list().map { try Self.range($0) } ?? [])
    }
  }

  private static func range(_ yaml: YAMLValue) throws -> ClosedRange<Int> {
    let ends = try yaml.string().split(separator: "-").map { number(String($0)) }
    guard (1...2).contains(ends.count), let low = ends.first ?? nil, let high = ends.last ?? nil, low <= high else {
      throw yaml.error("expected a model number or a range such as 0x10-0x1f, found \(quote(try yaml.string()))")
    }
    return low...high
  }

  private static func number(_ text: String) -> Int? {
    parseWholeNumber(text)
  }

  /// What is expected and which CPU the machine under `root` has instead; nil where it fits.
  func mismatch(root: String) -> String? {
    let files = SystemFiles(root: root)
    func field(_ name: String) -> String? { files.field(name, in: "proc/cpuinfo") }
    switch self {
    case .x86(let vendor, let family, let models):
      let model = field("model").flatMap { Int($0) }
      let fits = models.isEmpty || models.contains { range in model.map(range.contains) ?? false }
      guard field("vendor_id") != vendor || field("cpu family") != "\(family)" || !fits else { return nil }
      let wanted = models.isEmpty ? "" : " model \(models.map(Self.text).joined(separator: ", "))"
      return "\(vendor) family \(family)\(wanted), and this CPU is \(Self.cpu(root: root))"
    case .arm(let implementer, let parts):
      guard
        hexadecimal(field("CPU implementer")) != implementer
          || !parts.contains(where: { $0 == hexadecimal(field("CPU part")) })
      else { return nil }
      let names = parts.map { "0x" + String($0, radix: 16) }.joined(separator: ", ")
      return
        "Arm implementer 0x\(String(implementer, radix: 16)) part \(names), and this CPU is \(Self.cpu(root: root))"
    }
  }

  /// This machine's CPU in the same terms.
  static func cpu(root: String) -> String {
    let files = SystemFiles(root: root)
    func field(_ name: String) -> String? { files.field(name, in: "proc/cpuinfo") }
    if let implementer = field("CPU implementer") {
      return "Arm implementer \(implementer) part \(field("CPU part") ?? "unknown")"
    }
    return "\(field("vendor_id") ?? "of an unknown vendor") family \(field("cpu family") ?? "unknown") "
      + "model \(field("model") ?? "unknown")"
  }

  private static func text(_ models: ClosedRange<Int>) -> String {
    models.count == 1 ? "\(models.lowerBound)" : "\(models.lowerBound)-\(models.upperBound)"
  }

  private func hexadecimal(_ text: String?) -> Int? {
    text.flatMap { $0.hasPrefix("0x") ? Int($0.dropFirst(2), radix: 16) : nil }
  }
}
