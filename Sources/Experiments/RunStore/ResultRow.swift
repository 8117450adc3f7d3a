import GRDB
import Kernels
import Plans
import Profiler
import Statistics

/// The outcome of one point: a row of results.csv. A value that does not apply or was not obtained is nil, never 0.
///
/// Times are of one pass over all tokens. A failed or skipped point has no measured values.
public struct ResultRow: RunRow, Equatable, Sendable {
  public static let table = "results"

  public var runID: String
  public var pointID: String
  public var sweep: String
  public var status: ResultStatus
  /// Why the point failed or was skipped.
  public var reason: String?
  public var host: String
  public var cpuModel: String?
  public var kernel: KernelKind
  public var kernelVersion: String
  /// The path that ran, not the one asked for.
  public var isa: String?
  public var dtype: ElementType
  /// Nil for a synthetic layer.
  public var layer: String?
  public var projection: ProjectionKind?
  /// Nil for dense.
  public var projectionDtype: ProjectionType?
  public var tokens: Int
  public var hidden: Int
  public var intermediate: Int?
  public var output: Int
  public var tables: Int?
  public var tableRows: Int?
  /// All tables together.
  public var tableBytes: Int?
  /// The walk of the weighted gather; the extents that its order ignores are nil.
  public var order: LookupStrategy.Order?
  public var tokenTile: Int?
  public var columnSliceColumns: Int?
  public var tableGroup: Int?
  public var prefetchRows: Int?
  /// Nil where the schedule decides it.
  public var groupPrefetch: LookupStrategy.GroupPrefetch?
  /// Whether the strategy was chosen by measuring; nil for dense.
  public var tuned: Bool?
  public var threads: Int
  /// What threads divide among themselves; nil for dense.
  public var partition: LookupTeam.Partition?
  /// The placement asked for.
  public var cpus: String
  /// Where the threads were found, such as `0,1`.
  public var verifiedCPUs: String?
  /// The policy asked for.
  public var memoryPolicy: String
  /// The kind asked for; nil in rows of older tools.
  public var pages: PageKind?
  /// Where the pages of the largest array were found before the first sample: `node:pages`, such as `0:512 1:512`.
  public var pagesPerNodeBefore: String?
  /// The same after the last sample.
  public var pagesPerNodeAfter: String?
  /// The kind obtained, which may not be the one asked for.
  public var pageKindBefore: PageKind?
  public var pageKindAfter: PageKind?
  /// Library, version and core type that ran the products; dense only.
  public var blas: String?
  public var codes: CodeSource?
  /// Mean over tables of the Shannon entropy of the codes; log2(rows) for uniform ones.
  public var codeEntropyBits: Double?
  /// Samples.
  public var n: Int?
  /// Wall time of one pass over all tokens, the slowest thread counting.
  public var medianNanoseconds: Double?
  public var ci95LowNanoseconds: Double?
  public var ci95HighNanoseconds: Double?
  public var minNanoseconds: Double?
  public var iqrNanoseconds: Double?
  public var outliers: Int?
  public var stopReason: StopReason?
  /// Processes whose samples these are; nil in rows of older tools.
  public var launches: Int?
  /// See `LaunchVariance`; nil for one launch.
  public var betweenLaunchNanoseconds: Double?
  public var withinLaunchNanoseconds: Double?
  public var tokensPerSecond: Double?
  public var nanosecondsPerToken: Double?
  public var gigaflopPerSecond: Double?
  public var flopPerToken: Double?
  /// Bytes that the algorithm names, whatever the caches make of them.
  public var algorithmicBytesPerToken: Double?
  public var algorithmicGigabytesPerSecond: Double?
  /// Of the peak measured on as many threads in the same run.
  public var fractionOfFMAPeak: Double?
  /// Against the reference; the gate that a point passes before it is timed.
  public var maxAbsError: Double?
  public var codeMismatches: Int?
  public var notes: String?

  public enum CodingKeys: String, CodingKey, CaseIterable {
    case runID = "run_id"
    case pointID = "point_id"
    case sweep
    case status
    case reason
    case host
    case cpuModel = "cpu_model"
    case kernel
    case kernelVersion = "kernel_version"
    case isa
    case dtype
    case layer
    case projection
    case projectionDtype = "projection_dtype"
    case tokens
    case hidden
    case intermediate
    case output
    case tables
    case tableRows = "table_rows"
    case tableBytes = "table_bytes"
    case order
    case tokenTile = "token_tile"
    case columnSliceColumns = "column_slice_columns"
    case tableGroup = "table_group"
    case prefetchRows = "prefetch_rows"
    case groupPrefetch = "group_prefetch"
    case tuned
    case threads
    case partition
    case cpus
    case verifiedCPUs = "verified_cpus"
    case memoryPolicy = "memory"
    case pages
    case pagesPerNodeBefore = "pages_per_node_before"
    case pagesPerNodeAfter = "pages_per_node_after"
    case pageKindBefore = "page_kind_before"
    case pageKindAfter = "page_kind_after"
    case blas
    case codes
    case codeEntropyBits = "code_entropy_bits"
    case n
    case medianNanoseconds = "median_ns"
    case ci95LowNanoseconds = "ci95_low_ns"
    case ci95HighNanoseconds = "ci95_high_ns"
    case minNanoseconds = "min_ns"
    case iqrNanoseconds = "iqr_ns"
    case outliers
    case stopReason = "stop_reason"
    case launches
    case betweenLaunchNanoseconds = "between_launch_sd_ns"
    case withinLaunchNanoseconds = "within_launch_sd_ns"
    case tokensPerSecond = "tokens_per_s"
    case nanosecondsPerToken = "ns_per_token"
    case gigaflopPerSecond = "gflop_per_s"
    case flopPerToken = "flop_per_token"
    case algorithmicBytesPerToken = "algorithmic_bytes_per_token"
    case algorithmicGigabytesPerSecond = "algorithmic_gb_per_s"
    case fractionOfFMAPeak = "fraction_of_fma_peak"
    case maxAbsError = "max_abs_error"
    case codeMismatches = "code_mismatches"
    case notes
  }
}

extension ResultRow {
  public var isBaseline: Bool { kernel.isBaseline }
  public var isHeldAgainstBaseline: Bool { kernel.isHeldAgainstBaseline }

  /// Where the pages were found, last; empty where the kernel did not say.
  public var pagesPerNode: String? { pagesPerNodeAfter ?? pagesPerNodeBefore }
  public var pageKind: PageKind? { pageKindAfter ?? pageKindBefore }

  /// A row with the point's own parameters and nothing measured yet.
  public init(runID: String, host: String, point: Point, status: ResultStatus, reason: String? = nil) {
    self.init(
      runID: runID, pointID: point.id, sweep: point.sweep, status: status, reason: reason, host: host,
      kernel: point.kernel, kernelVersion: Kernels.kernelVersion, dtype: point.dtype, layer: point.layer,
      projection: point.projection,
      projectionDtype: point.kernel == .lookup ? point.projectionDtype ?? .fp32 : nil, tokens: point.tokens,
      hidden: point.hidden, intermediate: point.intermediate,
      output: point.output, tables: point.tables, tableRows: point.tableRows, tableBytes: point.tableBytes,
      tuned: point.kernel == .lookup ? point.isTuned : nil, threads: point.threads,
      partition: point.kernel == .lookup ? point.team.partition : nil,
      cpus: point.cpus.description, memoryPolicy: point.memory.description, pages: point.pages, codes: point.codes)
    if let strategy = point.strategy { set(strategy) }
  }

  /// Takes over the walk of the gather; extents that its order ignores stay nil.
  public mutating func set(_ strategy: LookupStrategy) {
    let isSliced = strategy.order == .sliced
    order = strategy.order
    tokenTile = strategy.tokenTile
    columnSliceColumns = isSliced ? strategy.columnSlice : nil
    tableGroup = isSliced ? strategy.tableGroup : nil
    prefetchRows = strategy.prefetchRows
    groupPrefetch = strategy.groupPrefetch
  }

  /// The walk that ran; nil for dense, and where nothing ran that was to be chosen.
  public var strategy: LookupStrategy? {
    guard let order, let tokenTile, let prefetchRows else { return nil }
    return LookupStrategy(
      order: order, tokenTile: tokenTile, columnSlice: columnSliceColumns ?? output,
      tableGroup: tableGroup ?? tables ?? 1, prefetchRows: prefetchRows, groupPrefetch: groupPrefetch)
  }

  /// Takes over where the pages were found at both ends of timing.
  public mutating func set(before: PlacementReport, after: PlacementReport) {
    pagesPerNodeBefore = before.pagesPerNode.map { _ in before.pagesPerNodeText }
    pagesPerNodeAfter = after.pagesPerNode.map { _ in after.pagesPerNodeText }
    pageKindBefore = before.obtainedPages
    pageKindAfter = after.obtainedPages
  }

  /// Takes over the statistics of samples in nanoseconds, and the rates that follow from them.
  public mutating func set(_ statistics: Statistics, stopReason: StopReason?) {
    n = statistics.count
    medianNanoseconds = statistics.median
    ci95LowNanoseconds = statistics.interval?.low
    ci95HighNanoseconds = statistics.interval?.high
    minNanoseconds = statistics.minimum
    iqrNanoseconds = statistics.interquartileRange
    outliers = statistics.outlierCount
    self.stopReason = stopReason
    guard statistics.median > 0 else { return }
    nanosecondsPerToken = statistics.median / Double(tokens)
    tokensPerSecond = Double(tokens) * 1e9 / statistics.median
    gigaflopPerSecond = flopPerToken.map { $0 * Double(tokens) / statistics.median }
    algorithmicGigabytesPerSecond = algorithmicBytesPerToken.map { $0 * Double(tokens) / statistics.median }
  }
}
