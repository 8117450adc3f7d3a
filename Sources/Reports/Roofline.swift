import HostModel
import Kernels
import Plans
import RunStore

/// What the machine's ceilings allow a stage at best, from micro-benchmarks of the same run.
///
/// Williams, Waterman and Patterson, "Roofline", CACM 52(4), 2009, with the second-level cache as the memory: the bandwidth
/// that a look-up reaches when everything it reads is as near as its tables can be. So no strategy can beat it, and the
/// bytes are the algorithm's own.
struct Roofline {
  /// fp32 multiply-add peak over the point's threads, in FLOP/ns.
  let peak: Double
  /// Those of other element types, where they were measured.
  var peaks: [ElementType: Double] = [:]
  /// Second-level read bandwidth over the point's threads, in bytes/ns.
  let bandwidth: Double

  /// The bound of a stage in ns per token whose multiply-adds have operands of `type`, and which ceiling sets it; nil where
  /// that type's peak was not measured.
  func bound(
    flop: Double, bytes: Double, type: ElementType = .fp32
  ) -> (nanoseconds: Double, ceiling: String)? {
    guard let peak = type == .fp32 ? peak : peaks[type] else { return nil }
    let compute = flop / peak
    let memory = bytes / bandwidth
    return compute >= memory
      ? (compute, type == .fp32 ? "FMA peak" : "\(type.rawValue) peak") : (memory, "L2 bandwidth")
  }
}

extension ResultRow {
  /// The operand type of a stage's multiply-adds: a dense network's products have that of the point, a look-up's projection
  /// its own, all else is fp32. Of a bf16 projection all FLOPs count so, those of the fp32 transform too, most of which are
  /// folded into the weights: the bound stays one.
  func arithmetic(of stage: StageRow) -> ElementType {
    if kernel == .lookup { return stage.stage == HashStage.name ? (projectionDtype ?? .fp32).element : .fp32 }
    return [FirstProductStage.name, SecondProductStage.name].contains(stage.stage) ? dtype : .fp32
  }
}

extension RunData {
  /// The ceilings for `threads` threads; nil where the run did not measure them.
  func roofline(threads: Int) -> Roofline? {
    let calibration = Calibration(ceilings: ceilings)
    guard let peak = calibration.value(Calibration.Name.multiplyAddPeak, threads: threads),
      let first = fact(FactName.l1Bytes).flatMap(Int.init), let second = fact(FactName.l2Bytes).flatMap(Int.init),
      let one = calibration.plateau(
        Calibration.Name.readBandwidth, within: first * 3 / 2...max(first * 3 / 2, second / 4 * 3))
    else { return nil }
    // Private caches: every thread brings its own bandwidth.
    return Roofline(
      peak: peak, peaks: calibration.multiplyAddPeaks(threads: threads), bandwidth: one * Double(threads))
  }

  /// The operand type that bounds a stage here: a look-up's bf16 projection runs widened to fp32 where the CPU has no bf16
  /// multiply-add.
  private func arithmetic(of stage: StageRow, _ row: ResultRow, _ roofline: Roofline) -> ElementType {
    let type = row.arithmetic(of: stage)
    return row.kernel == .lookup && roofline.peaks[type] == nil ? .fp32 : type
  }

  /// The bound of a point: the sum over its stages, which follow one another on every thread. Nil without ceilings or
  /// stages.
  func bound(of row: ResultRow) -> Double? {
    let own = stages.filter { $0.pointID == row.pointID }
    guard let roofline = roofline(threads: row.threads), !own.isEmpty else { return nil }
    var total = 0.0
    for stage in own {
      guard let flop = stage.flopPerToken, let bytes = stage.algorithmicBytesPerToken else { return nil }
      guard let bound = roofline.bound(flop: flop, bytes: bytes, type: arithmetic(of: stage, row, roofline))
      else { return nil }
      total += bound.nanoseconds
    }
    return total
  }

  /// Each stage of the headline pair against its bound, and each point against the sum of its stages'.
  var rooflineSection: String {
    guard let threads = headlinePair.first?.threads, let roofline = roofline(threads: threads) else { return "" }
    var text =
      "## Roofline\n\nBounds from this run's ceilings: \(significant(roofline.peak)) GFLOP/s of multiply-adds and "
      + "\(significant(roofline.bandwidth)) GB/s from the second-level cache on \(counted(threads, "thread")); a stage takes "
      + "at least the longer of its FLOPs over the one and its algorithmic bytes over the other, and stages follow one "
      + "another.\n\n"
    var table = MarkdownTable([("stage", .left), ("bound ns/token", .right), ("set by", .left)])
    for point in headlinePair {
      for stage in stages where stage.pointID == point.pointID {
        guard let flop = stage.flopPerToken, let bytes = stage.algorithmicBytesPerToken,
          let (nanoseconds, ceiling) = roofline.bound(
            flop: flop, bytes: bytes, type: arithmetic(of: stage, point, roofline))
        else { continue }
        table.append(["\(point.kernel.rawValue): \(stage.stage)", significant(nanoseconds), ceiling])
      }
    }
    guard !table.isEmpty else { return "" }
    text += table.text + "\n"
    var points = MarkdownTable([
      ("point", .left), ("bound ns/token", .right), ("measured ns/token", .right), ("of the bound", .right),
    ])
    for row in measured {
      guard let bound = bound(of: row), let time = row.nanosecondsPerToken else { continue }
      points.append([label(row.pointID), significant(bound), significant(time), percent(bound / time)])
    }
    return text + points.text + "\n"
  }
}
