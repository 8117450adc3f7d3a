import HostModel
import Kernels
import Plans
import RunStore

/// The bounds that the machine's ceilings set for a stage, from micro-benchmarks of the same run.
///
/// It is the roofline model (Williams, Waterman and Patterson, CACM 52(4), 2009) with the second-level cache as the
/// memory, that is with the bandwidth of a look-up whose data are as near as its tables can be. Bytes are the
/// algorithm's own, so that no strategy can exceed the bound.
struct Roofline {
  /// fp32 multiply-add peak over the point's threads, in FLOP/ns.
  let peak: Double
  /// The peaks of other element types that were measured, in operations/ns.
  var peaks: [ElementType: Double] = [:]
  /// Second-level read bandwidth over the point's threads, in bytes/ns.
  let bandwidth: Double

  /// The bound of a stage in ns per token, for multiply-adds with operands of `type`, and the ceiling that sets it;
  /// nil where that type's peak was not measured.
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
  /// The operand type of a stage's multiply-adds.
  func arithmetic(of stage: StageRow) -> ElementType { network?.arithmetic(ofStage: stage.stage) ?? .fp32 }
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
    // The caches are private, so that bandwidth grows with the threads.
    return Roofline(
      peak: peak, peaks: calibration.multiplyAddPeaks(threads: threads), bandwidth: one * Double(threads))
  }

  /// The bound of a stage in ns per token and the ceiling that sets it; nil where its FLOPs, bytes or peak are
  /// unknown.
  func bound(
    of stage: StageRow, _ row: ResultRow, _ roofline: Roofline
  ) -> (nanoseconds: Double, ceiling: String)? {
    guard let flop = stage.flopPerToken, let bytes = stage.algorithmicBytesPerToken else { return nil }
    let type = row.arithmetic(of: stage)
    let isWidened = row.kernel.network.widensMissingTypes && roofline.peaks[type] == nil
    return roofline.bound(flop: flop, bytes: bytes, type: isWidened ? .fp32 : type)
  }

  /// The bound of a point in ns per token: the sum over its stages, which follow one another on every thread. Nil
  /// without ceilings or stages.
  func bound(of row: ResultRow) -> Double? {
    let own = stages.filter { $0.pointID == row.pointID }
    guard let roofline = roofline(threads: row.threads), !own.isEmpty else { return nil }
    let bounds = own.compactMap { bound(of: $0, row, roofline)?.nanoseconds }
    return bounds.count == own.count ? bounds.reduce(0, +) : nil
  }
}
