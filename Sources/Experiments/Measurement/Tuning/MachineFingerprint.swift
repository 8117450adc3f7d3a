import Kernels
import Machines
import Profiler
import RunStore

/// What makes a strategy chosen on one machine right on another: text, one `name=value` for each trait.
public struct MachineFingerprint: Equatable, Sendable {
  public let text: String

  /// Of the machine whose state and caches these are. A trait that the system does not tell is left empty.
  public init(_ state: MachineState, topology: Topology, machine: Machine) {
    let traits = ["cpu_vendor", "cpu_family", "cpu_model_number", FactName.cpuModel, "cpu_stepping", "microcode"]
    var parts = traits.map { "\($0)=\(state[$0] ?? "")" }
    for cache in topology.dataCaches(of: topology.allowedCPUs.first ?? 0) {
      parts.append("l\(cache.level)_bytes=\(cache.sizeBytes.map(String.init) ?? "")/\(cache.sharedCPUs.count)")
    }
    // Half a gigahertz: between readings of one machine lie a few percent, between machines of one model a power limit.
    let frequencyClass = machine.frequencyGHz.map { "\(($0 * 2).rounded() / 2)" } ?? ""
    parts.append("frequency_class_ghz=\(frequencyClass)")
    text = parts.joined(separator: " ")
  }

  init(text: String) {
    self.text = text
  }
}
