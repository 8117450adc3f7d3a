import AccessStreams
import Machines
import Plans
import Profiler
import Projection
import Simulation

extension Point {
  /// The share of the point's traffic from each node to each node's memory on `machine`; one local node where the
  /// machine states no link.
  ///
  /// Every node has the machine's cores. The traffic shared by all threads is the table rows that come from memory; a
  /// dense network shares none, because its weights stay in caches.
  func trafficMatrix(on machine: Machine, phases: [PhaseWork], traffic: Traffic) -> TrafficMatrix {
    guard let numa = machine.numa, numa.nodes > 1, numa.linkGigabytesPerSecond != nil else { return .local }
    var all = 0.0
    var rows = 0.0
    for (work, counts) in zip(phases, traffic.phases) {
      all += Double(counts.memory.reads + counts.memory.writes) * Double(traffic.lineBytes)
      rows += Double(counts.gatherSources.last ?? 0) * max(work.rowBytes, Double(traffic.lineBytes))
    }
    return TrafficMatrix(
      threads: threadsByNode(numa.nodes, cores: machine.cores ?? threads), placement: memory.dataPlacement(numa.nodes),
      sharedShare: all > 0 ? min(1, rows / all) : 0)
  }

  /// `compact` and lists of CPUs fill one node before the next; `scatter` and `l3` assign threads to nodes in turn.
  private func threadsByNode(_ nodes: Int, cores: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: nodes)
    for thread in 0..<threads {
      switch cpus {
      case .compact, .list: counts[min(thread / max(1, cores), nodes - 1)] += 1
      case .scatter, .onePerL3: counts[thread % nodes] += 1
      }
    }
    return counts
  }
}

extension MemoryPolicy {
  /// The placement among `nodes` nodes of a model; a node number beyond them means the last one.
  fileprivate func dataPlacement(_ nodes: Int) -> DataPlacement {
    switch self {
    case .local, .firstTouch: .local
    case .remote: .remote
    case .interleave: .interleave
    case .node(let node): .node(min(node, nodes - 1))
    case .replicated: .replicated
    }
  }
}
