import Foundation
import Kernels
import Profiler
import Support

extension Point {
  /// The reason why the point cannot run on a machine of this topology with this much available memory; nil where
  /// none is known without trying. Every verb that builds a point checks this, or `memoryShortage` where another
  /// machine runs it.
  public func infeasibility(topology: Topology, available: AvailableMemory? = .read()) -> String? {
    if let shortage = memoryShortage(available) { return shortage }
    if let isa = isa.isa, !isa.isSupported { return "this CPU cannot run \(isa.rawValue)" }
    if case .node(let node) = self.memory, !topology.nodes.contains(where: { $0.id == node }) {
      return "this machine has no memory node \(node)"
    }
    do {
      _ = try topology.cpus(for: cpus, threads: threads)
      return nil
    } catch { return "\(error)" }
  }

  /// The reason why the point's memory does not fit into what is available; nil where it fits.
  public func memoryShortage(_ available: AvailableMemory? = .read()) -> String? {
    guard memoryNeeded.value != nil else { return "needs \(memoryNeeded.bytesText) of memory" }
    guard let available, memoryNeeded > CheckedSize(available.bytes) else { return nil }
    return "needs \(memoryNeeded.bytesText) of memory, \(formatByteCount(available.bytes)) are available by "
      + available.limit
  }
}
