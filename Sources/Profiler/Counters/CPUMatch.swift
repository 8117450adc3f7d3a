import InputFiles

/// Which CPUs a group's raw codes are for, in the terms of /proc/cpuinfo.
public enum CPUMatch: Codable, Equatable, Sendable {
  /// x86: `vendor_id` and `cpu family`.
  case x86(vendor: String, family: Int)
  /// Arm: `CPU implementer` and `CPU part`, which are hexadecimal there.
  case arm(implementer: Int, parts: [Int])

  /// Reads `{vendor, family}` or `{implementer, parts}`.
  public init(yaml: YAMLValue) throws {
    let object = try yaml.object(keys: ["vendor", "family", "implementer", "parts"])
    if let implementer = object["implementer"] {
      self = .arm(
        implementer: try implementer.int(in: 0...0xff),
        parts: try object.required("parts").list().map { try $0.int(in: 0...0xfff) })
    } else {
      self = .x86(
        vendor: try object.required("vendor").string(), family: try object.required("family").int(in: 0...4095))
    }
  }

  /// What is expected and what the machine under `root` is instead; nil where it fits.
  func mismatch(root: String) -> String? {
    let files = SystemFiles(root: root)
    func field(_ name: String) -> String? { files.field(name, in: "proc/cpuinfo") }
    switch self {
    case .x86(let vendor, let family):
      let found = (vendor: field("vendor_id"), family: field("cpu family"))
      guard found.vendor != vendor || found.family != "\(family)" else { return nil }
      return "\(vendor) family \(family), and this CPU is \(found.vendor ?? "unknown") "
        + "family \(found.family ?? "unknown")"
    case .arm(let implementer, let parts):
      let found = (implementer: field("CPU implementer"), part: field("CPU part"))
      guard hexadecimal(found.implementer) != implementer || !parts.contains(where: { $0 == hexadecimal(found.part) })
      else { return nil }
      let names = parts.map { "0x" + String($0, radix: 16) }.joined(separator: ", ")
      return "Arm implementer 0x\(String(implementer, radix: 16)) part \(names), and this CPU is implementer "
        + "\(found.implementer ?? "unknown") part \(found.part ?? "unknown")"
    }
  }

  private func hexadecimal(_ text: String?) -> Int? {
    text.flatMap { $0.hasPrefix("0x") ? Int($0.dropFirst(2), radix: 16) : nil }
  }
}
