import Support

/// The kinds of cores among some CPUs: hybrid machines have fast and frugal ones.
struct CoreKinds {
  /// Each kind with its CPUs; at most one kind where the kernel does not distinguish them.
  private(set) var groups: [(name: String, cpus: [Int])] = []

  init(_ files: SystemFiles, _ cpus: [Int]) {
    // x86 has a PMU for each kind; Arm and RISC-V state a core's speed relative to the fastest (1024).
    let pmus = ["cpu_core", "cpu_atom", "cpu_lowpower"].compactMap { name in
      files.cpuList("sys/devices/\(name)/cpus").map { (name, $0) }
    }
    for cpu in cpus {
      let pmu = pmus.first { $0.1.contains(cpu) }?.0
      let capacity = files.int("sys/devices/system/cpu/cpu\(cpu)/cpu_capacity").map { "capacity \($0)" }
      guard let name = pmu ?? capacity else { continue }
      if let index = groups.firstIndex(where: { $0.name == name }) {
        groups[index].cpus.append(cpu)
      } else {
        groups.append((name, [cpu]))
      }
    }
  }

  /// `cpu_core: CPUs 0-7`, one text for each kind.
  var texts: [String] { groups.map { "\($0.name): \(PerCPUSetting.name($0.cpus))" } }
}
