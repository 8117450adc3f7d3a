import AccessStreams
import CKernels

/// The weighted sum of the rows that the codes select.
public enum GatherStage: LookupStage {
  public static let name = "gather"

  /// A block of the gather: every token of `tokens` adds its row of each of `tables`, restricted to `columns`.
  struct Step: Equatable, Sendable {
    var tokens: Range<Int>
    /// The first token's position among the codes of the token tile.
    var slot: Int
    var tables: Range<Int>
    var columns: Range<Int>
    /// The block of the packed tables that the next step reads, in entries, to be prefetched during this step; nil
    /// for none.
    var next: Range<Int>?
  }

  static func account(_ shape: LookupFFNShape, tables: TableType, hash: HashType) -> StageAccount {
    let float = Double(MemoryLayout<Float>.stride)
    let t = Double(shape.tables)
    let out = Double(shape.output)
    return StageAccount(
      stage: name,
      // int8: one more product per row, scale x score. Widening an entry is not part of the definition.
      flops: 2 * t * out + (tables.scaleBytes > 0 ? t : 0), activationBytes: (out + 2 * t) * float,
      tableBytes: t * Double(tables.rowBytes(columns: shape.output)), weightBytes: out * float)
  }

  static func work(_ task: LookupTask, _ strategy: LookupStrategy) -> PhaseWork { GatherWork(task, strategy).phase }

  static func perform(_ step: Step, of pass: LookupPass, on kernels: some MicroKernels) {
    let (shape, schedule, scratch, arrays) = (pass.shape, pass.schedule, pass.scratch, pass.arrays)
    let element = pass.tableType.bytes
    let width = step.columns.count
    let offset = step.tables.lowerBound * laneGroup
    let isFirst = step.tables.lowerBound == 0
    let isLast = step.tables.upperBound == shape.tables

    // Starts from the bias and ends in the output. Orders that keep no sums add to the output itself.
    let target = arrays.output + step.tokens.lowerBound * shape.output + step.columns.lowerBound
    let keepsSums = schedule.keepsSums
    let between = keepsSums ? arrays.scratch + scratch.sums + step.slot * width : target
    let betweenStride = keepsSums ? width : shape.output
    kernels.gather(
      lk_gather(
        tables: arrays.tables + schedule.block(of: step).lowerBound * element,
        scales: arrays.scales.map { $0 + step.tables.lowerBound * shape.tableRows }, scale_stride: shape.tableRows,
        table_stride: shape.tableRows * width, row_stride: width, codes: pass.codes(slot: 0) + offset,
        scores: pass.scores(slot: 0) + offset, group_stride: pass.codeLayout.stride, first_token: step.slot,
        tokens: step.tokens.count, table_count: step.tables.count, columns: width,
        start: isFirst ? arrays.outputBias + step.columns.lowerBound : UnsafePointer(between),
        start_stride: isFirst ? 0 : betweenStride, out: isLast ? target : between,
        out_stride: isLast ? shape.output : betweenStride,
        streaming: isLast && schedule.streamsOutput(tokens: pass.gatheredTokens),
        prefetch: schedule.prefetchRows(tileTokens: step.tokens.count),
        next: step.next.map { arrays.tables + $0.lowerBound * element },
        next_bytes: (step.next?.count ?? 0) * element),
      step, type: pass.tableType)
  }
}
