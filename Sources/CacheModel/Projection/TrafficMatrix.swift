/// Where data lies among the memory nodes of a machine.
public enum DataPlacement: Equatable, Sendable {
  /// Each thread's part on the thread's own node, as with first touch by the owner.
  case local
  /// Each thread's part on the node after the thread's, all other nodes being equally far.
  case remote
  /// Page by page in turn over all nodes.
  case interleave
  /// All of it on one node.
  case node(Int)
  /// What all threads read is copied to every node with threads; all else is as in `local`.
  case replicated
}

/// Share of the memory traffic that each node's threads cause at each node's memory. The shares sum to 1.
///
/// The nodes work at the same time, so the busiest memory and the busiest link decide the time
/// (docs/reference/model.md, "Nodes").
public struct TrafficMatrix: Equatable, Sendable {
  /// Indexed by the asking node, then by the memory's node.
  public let shares: [[Double]]
  /// Share of the traffic that passes a link.
  public let remoteShare: Double
  public let busiestNodeShare: Double

  /// One node alone.
  public static let local = TrafficMatrix(shares: [[1]])

  /// Scales `shares`, a square matrix of non-negative numbers, to a sum of 1.
  public init(shares: [[Double]]) {
    let total = shares.reduce(0) { $0 + $1.reduce(0, +) }
    precondition(shares.allSatisfy { $0.count == shares.count } && total > 0, "a square with traffic")
    let scaled = shares.map { $0.map { $0 / total } }
    self.shares = scaled
    remoteShare = scaled.indices.reduce(0) { sum, node in sum + scaled[node].reduce(0, +) - scaled[node][node] }
    busiestNodeShare = TrafficMatrix.nodeShares(scaled).max() ?? 1
  }

  /// All threads on one node, with `remoteShare` of their traffic to another.
  public init(remoteShare: Double) {
    self.init(shares: remoteShare > 0 ? [[1 - remoteShare, remoteShare], [0, 0]] : [[1]])
  }

  /// The traffic of equal `threads` (counted by node; not all 0) to data placed as `placement` says. `sharedShare` of
  /// the traffic goes to data that every thread reads whole, such as tables and weights, which is cut into one part
  /// per thread. The rest goes to each thread's own part.
  public init(threads: [Int], placement: DataPlacement, sharedShare: Double) {
    let nodes = threads.indices
    let all = Double(threads.reduce(0, +))
    func part(_ node: Int) -> Double { Double(threads[node]) / all }
    /// The share of a part that lies on each node, for a thread on `node`.
    func distribution(ofPartOn node: Int) -> [Double] {
      nodes.map { home in
        switch placement {
        case .local, .replicated: home == node ? 1 : 0
        case .remote: home == (node + 1) % nodes.count ? 1 : 0
        case .interleave: 1 / Double(nodes.count)
        case .node(let only): home == only ? 1 : 0
        }
      }
    }
    let own = nodes.map { distribution(ofPartOn: $0) }
    // Shared data lies where its parts lie, whichever thread reads it.
    let common = nodes.map { home in nodes.reduce(0) { $0 + part($1) * own[$1][home] } }
    self.init(
      shares: nodes.map { node in
        nodes.map { home in
          let shared = placement == .replicated ? own[node][home] : common[home]
          return part(node) * (sharedShare * shared + (1 - sharedShare) * own[node][home])
        }
      })
  }

  /// Share of each node's memory.
  public var nodeShares: [Double] { TrafficMatrix.nodeShares(shares) }

  private static func nodeShares(_ shares: [[Double]]) -> [Double] {
    shares.indices.map { home in shares.reduce(0) { $0 + $1[home] } }
  }

  /// Share of the busiest link in one direction between two nodes: what one node reads from the other and what the
  /// other writes to it, where `readRatio` of the traffic is reads.
  public func busiestLinkShare(readRatio: Double) -> Double {
    var most = 0.0
    for to in shares.indices {
      for from in shares.indices where from != to {
        most = max(most, readRatio * shares[to][from] + (1 - readRatio) * shares[from][to])
      }
    }
    return most
  }
}
