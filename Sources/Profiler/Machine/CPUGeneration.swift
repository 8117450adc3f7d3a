/// A maker's generation of server cores, as machine files name it: CPUs of one generation have the same caches and
/// prefetchers, in different sizes and numbers.
public struct CPUGeneration: Equatable, Sendable {
  /// Such as `zen5`.
  public var name: String
  var cpu: CPUMatch

  /// Families and models as Linux's arch/x86/kernel/cpu/amd.c and arch/x86/include/asm/intel-family.h assign them, and parts as
  /// arch/arm64/include/asm/cputype.h does. Cascade Lake has Skylake-SP's model number and core.
  public static let all: [CPUGeneration] = [
    amd("zen2", 23, [0x30...0x4f, 0x60...0x7f, 0x90...0x91, 0xa0...0xaf]), amd("zen3", 25, [0x00...0x0f, 0x20...0x5f]),
    amd("zen4", 25, [0x10...0x1f, 0x60...0xaf]), amd("zen5", 26, [0x00...0x2f, 0x40...0x4f, 0x60...0x7f]),
    intel("skylake-sp", 0x55), intel("ice-lake-sp", 0x6a, 0x6c), intel("sapphire-rapids", 0x8f),
    intel("emerald-rapids", 0xcf), intel("granite-rapids", 0xad, 0xae), intel("sierra-forest", 0xaf),
    arm("neoverse-n1", 0xd0c), arm("neoverse-v1", 0xd40), arm("neoverse-n2", 0xd49), arm("neoverse-v2", 0xd4f),
  ]

  /// The generation of the machine under `root`; nil for a CPU that the table lacks.
  public static func current(root: String = "/") -> CPUGeneration? {
    all.first { $0.cpu.mismatch(root: root) == nil }
  }

  /// The generation of an x86 CPU by what /proc/cpuinfo says of it.
  public static func of(vendor: String, family: Int, model: Int) -> CPUGeneration? {
    all.first { generation in
      guard case .x86(let itsVendor, let itsFamily, let models) = generation.cpu else { return false }
      return itsVendor == vendor && itsFamily == family && models.contains { $0.contains(model) }
    }
  }

  private static func amd(_ name: String, _ family: Int, _ models: [ClosedRange<Int>]) -> CPUGeneration {
    CPUGeneration(name: name, cpu: .x86(vendor: "AuthenticAMD", family: family, models: models))
  }

  private static func intel(_ name: String, _ models: Int...) -> CPUGeneration {
    CPUGeneration(name: name, cpu: .x86(vendor: "GenuineIntel", family: 6, models: models.map { $0...$0 }))
  }

  private static func arm(_ name: String, _ part: Int) -> CPUGeneration {
    CPUGeneration(name: name, cpu: .arm(implementer: 0x41, parts: [part]))
  }
}

extension MachineState {
  /// The generation of the x86 CPU that the state describes; nil for another, and for one that the table lacks.
  public var cpuGeneration: CPUGeneration? {
    guard let vendor = self["cpu_vendor"], let family = self["cpu_family"].flatMap({ Int($0) }),
      let model = self["cpu_model_number"].flatMap({ Int($0) })
    else { return nil }
    return CPUGeneration.of(vendor: vendor, family: family, model: model)
  }
}
