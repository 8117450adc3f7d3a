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

  /// The bound of a stage and the ceiling that sets it; nil where its FLOPs, bytes or peak are not known. A look-up's bf16
  /// projection runs widened to fp32 where the CPU has no bf16 multiply-add.
  func bound(
    of stage: StageRow, _ row: ResultRow, _ roofline: Roofline
  ) -> (nanoseconds: Double, ceiling: String)? {
    guard let flop = stage.flopPerToken, let bytes = stage.algorithmicBytesPerToken else { return nil }
    let type = row.arithmetic(of: stage)
    let isWidened = row.isHeldAgainstBaseline && roofline.peaks[type] == nil
    return roofline.bound(flop: flop, bytes: bytes, type: isWidened ? .fp32 : type)
  }

  /// The bound of a point: the sum over its stages, which follow one another on every thread. Nil without ceilings or
  /// stages.
  func bound(of row: ResultRow) -> Double? {
    let own = stages.filter { $0.pointID == row.pointID }
    guard let roofline = roofline(threads: row.threads), !own.isEmpty else { return nil }
    let bounds = own.compactMap { bound(of: $0, row, roofline)?.nanoseconds }
    return bounds.count == own.count ? bounds.reduce(0, +) : nil
  }
}
