import Kernels
import Machines
import Profiler
import RunStore

/// The traits that two machines must share for a strategy tuned on one to be valid on the other: text, one
/// `name=value` each.
public struct MachineFingerprint: Equatable, Sendable {
  public let text: String

  /// The fingerprint of the machine with this state and these caches. A trait that the system does not report is left
  /// empty.
  public init(_ state: MachineState, topology: Topology, machine: Machine) {
    let traits = ["cpu_vendor", "cpu_family", "cpu_model_number", FactName.cpuModel, "cpu_stepping", "microcode"]
    var parts = traits.map { "\($0)=\(state[$0] ?? "")" }
    for cache in topology.dataCaches(of: topology.allowedCPUs.first ?? 0) {
      parts.append("l\(cache.level)_bytes=\(cache.sizeBytes.map(String.init) ?? "")/\(cache.sharedCPUs.count)")
    }
    // In steps of 0.5 GHz: readings of one machine differ by a few percent, machines of one model by their power
    // limit.
    let frequencyClass = machine.frequencyGHz.map { "\(($0 * 2).rounded() / 2)" } ?? ""
    parts.append("frequency_class_ghz=\(frequencyClass)")
    text = parts.joined(separator: " ")
  }

  init(text: String) {
    self.text = text
  }
}
