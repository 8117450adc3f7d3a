import Support

/// A setting of each CPU, such as its frequency governor. Firmware, drivers and people set it per CPU or per policy,
/// so every CPU is read.
struct PerCPUSetting {
  /// The values found, each with its CPUs, ordered by the lowest CPU.
  private(set) var groups: [(value: String, cpus: [Int])] = []
  /// CPUs without a value.
  private(set) var missing: [Int] = []

  /// Reads `name` in the cpufreq folder of each of `cpus`.
  init(cpufreq name: String, of cpus: [Int], _ files: SystemFiles) {
    for cpu in cpus {
      guard let value = files.text("sys/devices/system/cpu/cpu\(cpu)/cpufreq/\(name)"), !value.isEmpty else {
        missing.append(cpu)
        continue
      }
      if let index = groups.firstIndex(where: { $0.value == value }) {
        groups[index].cpus.append(cpu)
      } else {
        groups.append((value, [cpu]))
      }
    }
  }

  /// `CPU 1: powersave`, `CPUs 0-3: performance`: one text for each value.
  var texts: [String] { groups.map { "\(Self.name($0.cpus)): \($0.value)" } }

  /// The value where all CPUs have the same one, else each with its CPUs; nil where none has any.
  var text: String? {
    guard let first = groups.first else { return nil }
    if groups.count == 1, missing.isEmpty { return first.value }
    let unknown = missing.isEmpty ? [] : ["\(Self.name(missing)): unknown"]
    return (texts + unknown).joined(separator: "; ")
  }

  static func name(_ cpus: [Int]) -> String { "CPU\(cpus.count == 1 ? "" : "s") \(formatCPUList(cpus))" }
}
