import Foundation
import Kernels
import Profiler
import Support

extension Point {
  /// Why the point cannot run on a machine of this topology with so much memory to spare; nil where it can, as far as can be
  /// told without trying. Every verb that builds a point asks this, or `memoryShortage` where it builds it elsewhere.
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

  /// Why what the point needs at once does not fit beside what the machine holds already; nil where it does.
  public func memoryShortage(_ available: AvailableMemory? = .read()) -> String? {
    guard memoryNeeded.value != nil else { return "needs \(memoryNeeded.bytesText) of memory" }
    guard let available, memoryNeeded > CheckedSize(available.bytes) else { return nil }
    return "needs \(memoryNeeded.bytesText) of memory, \(formatByteCount(available.bytes)) are available by "
      + available.limit
  }
}
