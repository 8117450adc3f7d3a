import AccessStreams
import Foundation
import Machines
import Measurement
import Plans
import Profiles
import Projection
import RunStore
import Simulation

/// The capacity of the last level of caches that explains the lines that were counted from beyond it, by inverting the
/// miss-ratio curve of each point's own stream, beside the capacity that the machine file states.
///
/// The curve is that of a fully associative LRU cache, shared as the machine's last level is. Of a victim level the capacities
/// of the levels above it are subtracted, whose lines it does not hold.
public struct CapacityFit: Equatable, Sendable {
  /// What one point says.
  public struct Estimate: Equatable, Sendable {
    public var pointID: String
    public var bytes: Double
    public var quality: CountQuality
  }

  /// Steps of the curve farther apart than this factor say no more than a bound: every capacity between them has the same
  /// misses, or the stream goes from all hits to all misses at once.
  private static let widestStep = 1.5

  public var level: String
  /// The capacity that the machine file states: of a host what random reads found.
  public var statedBytes: Int
  public var estimates: [Estimate]
  /// Counted points whose curve is flat there, or has no such ratio at any capacity.
  public var silentPoints: Int

  public init(level: String, statedBytes: Int, estimates: [Estimate], silentPoints: Int) {
    self.level = level
    self.statedBytes = statedBytes
    self.estimates = estimates
    self.silentPoints = silentPoints
  }

  /// The median of the points' estimates; nil without any.
  public var medianBytes: Double? { quantile(0.5) }
  /// The tenth and the ninetieth percentile of the points' estimates, by nearest rank.
  public var lowBytes: Double? { quantile(0.1) }
  public var highBytes: Double? { quantile(0.9) }

  private func quantile(_ share: Double) -> Double? {
    let sorted = estimates.map(\.bytes).sorted()
    guard !sorted.isEmpty else { return nil }
    return sorted[max(0, min(sorted.count - 1, Int((share * Double(sorted.count)).rounded(.up)) - 1))]
  }

  /// Nil where no point's lines from beyond the last level were counted as a whole.
  init?(
    _ counts: RunCounts, points: [Point], settled: [String: Point], experiment: Experiment, host: Machine
  ) throws {
    guard let last = host.caches.last else { return nil }
    func linesBeyond(_ point: Point) -> CountedTraffic.Count? {
      counts.points[point.id]?.best(over: .memory, levels: host.caches.count).flatMap { $0.leavesOut == nil ? $0 : nil }
    }
    let counted = points.filter { linesBeyond($0) != nil }
    guard !counted.isEmpty else { return nil }
    let factory = KernelFactory(experiment: experiment)
    var estimates: [Estimate] = []
    for point in counted {
      guard let count = linesBeyond(point),
        let workload = try? ProfiledPoint.makeWorkload(of: settled[point.id] ?? point, from: factory, bases: [host])
      else { continue }
      // A sample of 65,536 lines finds capacities to within a hundredth.
      let profile = try WorkloadProfile(
        workload, sharings: [last.sharedByCores], lineBytes: host.lineBytes, sampling: .lines(1 << 16))
      guard let curve = profile.profile(sharedBy: last.sharedByCores)?.curve,
        let accesses = profile.profile(sharedBy: last.sharedByCores)?.lineAccesses, accesses > 0
      else { continue }
      let ratio = count.perToken * Double(workload.tokens) / Double(accesses)
      guard let capacity = curve.capacity(atMissRatio: ratio),
        Double(capacity.high) <= Self.widestStep * Double(capacity.low)
      else { continue }
      let bytes = capacity.expected * Double(host.lineBytes) - Self.heldAbove(host, threads: point.threads)
      if bytes > 0 { estimates.append(Estimate(pointID: point.id, bytes: bytes, quality: count.quality)) }
    }
    self.init(
      level: last.name, statedBytes: last.sizeBytes, estimates: estimates,
      silentPoints: counted.count - estimates.count)
  }

  /// Bytes that the level above a victim level holds in its place.
  private static func heldAbove(_ host: Machine, threads: Int) -> Double {
    guard let last = host.caches.last, last.inclusion == .victim, host.caches.count > 1 else { return 0 }
    let above = host.caches[host.caches.count - 2]
    return Double(max(1, min(last.sharedByCores, threads) / above.sharedByCores) * above.sizeBytes)
  }
}
