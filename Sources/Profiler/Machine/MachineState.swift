/// The state of a machine that a measurement depends on beside its parameters: hardware, kernel and settings, in a
/// fixed order.
public struct MachineState: Codable, Equatable, Sendable {
  public var facts: [MachineFact]

  public init(facts: [MachineFact]) {
    self.facts = facts
  }

  public subscript(name: String) -> String? { facts.first { $0.name == name }?.value }

  /// The facts that make two machines comparable or not, as a short text: measurements with different fingerprints come
  /// from different machines or settings.
  ///
  /// It is the 64-bit FNV-1a hash of names and values. It distinguishes machines and is no protection against an
  /// attacker.
  public var fingerprint: String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for fact in facts where MachineState.identity.contains(fact.name) {
      for byte in "\(fact.name)=\(fact.value ?? "")\n".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// The facts behind `fingerprint`: those that change results and do not change by themselves.
  static let identity: Set<String> = [
    "cpu_model", "cpu_vendor", "cpu_family", "cpu_model_number", "cpu_stepping", "microcode", "hypervisor", "isa_flags",
    "online_cpus", "l3_clusters", "numa_nodes", "governor", "boost", "smt", "thp_enabled", "thp_defrag",
    "numa_balancing", "kernel", "build_configuration",
  ]
}
