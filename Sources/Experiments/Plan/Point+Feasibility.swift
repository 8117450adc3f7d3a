import Foundation
import InputFiles
import Profiler

extension Point {
  /// Why the point cannot run on a machine of this topology with `memory` bytes to spare; nil where it can, as far as can be
  /// told without trying.
  public func obstacle(topology: Topology, memory: Int?) -> String? {
    if let memory, estimatedBytes > memory {
      return "needs \(formatByteCount(estimatedBytes)) of memory, \(formatByteCount(memory)) are available"
    }
    if let isa = isa.isa, !isa.isSupported { return "this CPU cannot run \(isa.rawValue)" }
    if case .node(let node) = self.memory, !topology.nodes.contains(where: { $0.id == node }) {
      return "this machine has no memory node \(node)"
    }
    do {
      _ = try topology.cpus(for: cpus, threads: threads)
      return nil
    } catch { return "\(error)" }
  }
}
