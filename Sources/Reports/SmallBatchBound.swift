import HostModel
import Kernels
import Plans
import RunStore

/// The bound for a batch of few tokens, whose weights and rows are read for these tokens alone. Passes repeat the
/// same tokens, so that everything comes from the nearest level that holds all of it.
struct SmallBatchBound {
  /// A level of the memory hierarchy, with one thread's read bandwidth in the same run.
  struct Level {
    var name: String
    /// The capacity in bytes; nil for memory.
    var capacityBytes: Double?
    /// The bandwidth in bytes per nanosecond.
    var bandwidth: Double
  }

  /// The FLOPs and bytes of a stage, per token.
  struct Stage {
    var name: String
    var flop: Double
    var bytes: Double
    var type = ElementType.fp32
  }

  let nanosecondsPerToken: Double
  /// The stage with the largest part of the bound, and its ceiling: `gather: L3 bandwidth`.
  let resource: String

  /// Nil without stages, levels or a peak. `peaks` are in FLOP per nanosecond.
  init?(_ stages: [Stage], tokens: Int, peaks: [ElementType: Double], levels: [Level]) {
    let footprint = stages.reduce(0) { $0 + $1.bytes } * Double(tokens)
    guard let level = levels.first(where: { footprint <= $0.capacityBytes ?? .infinity }) else { return nil }
    var total = 0.0
    var largest: (nanoseconds: Double, resource: String)?
    for stage in stages {
      guard let peak = peaks[stage.type] else { return nil }
      let compute = stage.flop / peak
      let memory = stage.bytes / level.bandwidth
      let time = max(compute, memory)
      total += time
      if time > largest?.nanoseconds ?? 0 {
        let ceiling = compute >= memory ? "\(stage.type.rawValue) peak" : "\(level.name) bandwidth"
        largest = (time, "\(stage.name): \(ceiling)")
      }
    }
    guard let largest else { return nil }
    nanosecondsPerToken = total
    resource = largest.resource
  }
}

extension RunData {
  /// The read bandwidth of one thread from each level: the median over working sets between the level above and three
  /// quarters of the level's own size; for memory, from twice the last level on.
  var readLevels: [SmallBatchBound.Level] {
    let calibration = Calibration(ceilings: ceilings)
    let name = Calibration.Name.readBandwidth
    let sizes = [FactName.l1Bytes, FactName.l2Bytes, FactName.l3Bytes].compactMap { fact($0).flatMap(Int.init) }
    var levels: [SmallBatchBound.Level] = []
    for (index, size) in sizes.enumerated() {
      let least = index == 0 ? 0 : sizes[index - 1] * 3 / 2
      guard let bandwidth = calibration.plateau(name, within: least...max(least, size / 4 * 3)) else { continue }
      levels.append(SmallBatchBound.Level(name: "L\(index + 1)", capacityBytes: Double(size), bandwidth: bandwidth))
    }
    if let last = sizes.last, let bandwidth = calibration.plateau(name, within: 2 * last...Int.max) {
      levels.append(SmallBatchBound.Level(name: "memory", capacityBytes: nil, bandwidth: bandwidth))
    }
    return levels
  }

  /// The bound of a point with one thread; nil without ceilings or stages.
  func smallBatchBound(of row: ResultRow) -> SmallBatchBound? {
    let own = stages.filter { $0.pointID == row.pointID }.compactMap { stage -> SmallBatchBound.Stage? in
      guard let flop = stage.flopPerToken, let bytes = stage.algorithmicBytesPerToken else { return nil }
      return SmallBatchBound.Stage(name: stage.stage, flop: flop, bytes: bytes, type: row.arithmetic(of: stage))
    }
    return SmallBatchBound(
      own, tokens: row.tokens, peaks: Calibration(ceilings: ceilings).multiplyAddPeaks(threads: row.threads),
      levels: readLevels)
  }
}
