import GRDB
import Kernels
import Plans
import Profiler
import Statistics

/// The outcome of one point: a row of results.csv. A value that does not apply or was not obtained is nil, never 0.
///
/// Times are of one pass over all tokens. A failed or skipped point has no measured values. Columns that describe
/// only the network are defined by the network (`Network.settings`): a row has those of all networks, and fills its
/// own network's.
@dynamicMemberLookup
public struct ResultRow: RunRow, Equatable, Sendable {
  public static let table = "results"

  public typealias CodingKeys = Common.CodingKeys

  /// Where the networks' columns of the first file version are placed; later ones follow at the end.
  private static let places: [(columns: [String], before: String)] = [
    (["projection", "projection_dtype"], "tokens"), (["intermediate"], "output"),
    (
      [
        "tables", "table_rows", "table_bytes", "order", "token_tile", "column_slice_columns", "table_group",
        "prefetch_rows", "group_prefetch", "tuned",
      ], "threads"
    ),
    (["partition"], "cpus"), (["codes"], "code_entropy_bits"),
  ]

  public static let columns: [String] = {
    var columns: [String] = []
    for column in CodingKeys.allCases.map(\.rawValue) {
      columns += places.first { $0.before == column }?.columns ?? []
      columns.append(column)
    }
    return columns + Networks.columns.map(\.name).filter { !columns.contains($0) }
  }()

  public private(set) var common: Common
  /// The row's values of the networks' columns.
  public private(set) var figures: NetworkFigures

  public subscript<Value>(dynamicMember column: WritableKeyPath<Common, Value>) -> Value {
    get { common[keyPath: column] }
    set { common[keyPath: column] = newValue }
  }

  public subscript<Value>(dynamicMember column: KeyPath<Common, Value>) -> Value { common[keyPath: column] }

  public init(from decoder: any Decoder) throws {
    common = try Common(from: decoder)
    figures = try NetworkFigures(Networks.columns, from: decoder)
  }

  public func encode(to encoder: any Encoder) throws {
    try common.encode(to: encoder)
    try figures.encode(Networks.columns, to: encoder)
  }

  /// The columns that every point has, whatever its network.
  public struct Common: Codable, Equatable, Sendable {
    public var runID: String
    public var pointID: String
    public var sweep: String
    public var status: ResultStatus
    /// The reason why the point failed or was skipped.
    public var reason: String?
    public var host: String
    public var cpuModel: String?
    public var kernel: KernelKind
    public var kernelVersion: String
    /// The instruction set that ran, which may not be the requested one.
    public var isa: String?
    public var dtype: ElementType
    /// Nil for a synthetic layer.
    public var layer: String?
    public var tokens: Int
    public var hidden: Int
    public var output: Int
    public var threads: Int
    /// The requested placement.
    public var cpus: String
    /// The CPUs on which the threads ran, such as `0,1`.
    public var verifiedCPUs: String?
    /// The requested policy.
    public var memoryPolicy: String
    /// The requested kind; nil in rows of older versions.
    public var pages: PageKind?
    /// The nodes of the largest array's pages before the first sample: `node:pages`, such as `0:512 1:512`.
    public var pagesPerNodeBefore: String?
    /// The same after the last sample.
    public var pagesPerNodeAfter: String?
    /// The actual kind, which may not be the requested one.
    public var pageKindBefore: PageKind?
    public var pageKindAfter: PageKind?
    /// Library, version and core type that ran the products; dense only.
    public var blas: String?
    /// Mean over tables of the Shannon entropy of the codes in bits; log2(rows) for uniform codes.
    public var codeEntropyBits: Double?
    /// The number of samples.
    public var n: Int?
    /// Wall time of one pass over all tokens, by the slowest thread.
    public var medianNanoseconds: Double?
    public var ci95LowNanoseconds: Double?
    public var ci95HighNanoseconds: Double?
    public var minNanoseconds: Double?
    public var iqrNanoseconds: Double?
    public var outliers: Int?
    public var stopReason: StopReason?
    /// The number of processes that took the samples; nil in rows of older versions.
    public var launches: Int?
    /// The standard deviation between launches, see `LaunchVariance`; nil for one launch.
    public var betweenLaunchNanoseconds: Double?
    public var withinLaunchNanoseconds: Double?
    public var tokensPerSecond: Double?
    public var nanosecondsPerToken: Double?
    public var gigaflopPerSecond: Double?
    public var flopPerToken: Double?
    /// Bytes that the algorithm accesses, irrespective of caches.
    public var algorithmicBytesPerToken: Double?
    public var algorithmicGigabytesPerSecond: Double?
    /// The achieved rate as a fraction of the multiply-add peak, measured on as many threads in the same run.
    public var fractionOfFMAPeak: Double?
    /// The largest absolute error against the reference, which a point must pass before it is timed.
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
      case tokens
      case hidden
      case output
      case threads
      case cpus
      case verifiedCPUs = "verified_cpus"
      case memoryPolicy = "memory"
      case pages
      case pagesPerNodeBefore = "pages_per_node_before"
      case pagesPerNodeAfter = "pages_per_node_after"
      case pageKindBefore = "page_kind_before"
      case pageKindAfter = "page_kind_after"
      case blas
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
}

extension ResultRow.Common {
  public var isBaseline: Bool { kernel.isBaseline }
  public var needsBaseline: Bool { kernel.needsBaseline }

  /// The last reading of the pages' nodes; nil where the kernel reported none.
  public var pagesPerNode: String? { pagesPerNodeAfter ?? pagesPerNodeBefore }
  public var pageKind: PageKind? { pageKindAfter ?? pageKindBefore }
}

extension ResultRow {
  /// A row with the point's own parameters and nothing measured yet.
  public init(runID: String, host: String, point: Point, status: ResultStatus, reason: String? = nil) {
    common = Common(
      runID: runID, pointID: point.id, sweep: point.sweep, status: status, reason: reason, host: host,
      kernel: point.kernel, kernelVersion: Kernels.kernelVersion, dtype: point.dtype, layer: point.layer,
      tokens: point.tokens, hidden: point.hidden, output: point.output, threads: point.threads,
      cpus: point.cpus.description, memoryPolicy: point.memory.description, pages: point.pages)
    figures = NetworkFigures(point.network.figures)
  }

  /// Adopts the strategy of the network that ran, which its point may have left open.
  public mutating func settle(_ network: any Network) {
    let figures = network.figures
    for column in Networks.strategyColumns { self.figures[column.name] = figures[column.name] }
  }

  /// The value of a column of the networks; nil where it is empty.
  public func int(_ column: String) -> Int? { figures[column]?.int }
  public func text(_ column: String) -> String? { figures[column]?.text }

  /// Bytes of all look-up tables together; nil for a network without tables.
  public var tableBytes: Int? { int("table_bytes") }

  /// The figures as a network reads them.
  public var networkFigures: ResultFigures {
    ResultFigures(hidden: self.hidden, output: self.output, dtype: self.dtype) { figures[$0] }
  }

  /// The network that the row describes; nil where the row lacks a required value.
  public var network: (any Network)? { self.kernel.network(of: networkFigures) }

  /// Stores the pages' nodes before and after timing.
  public mutating func set(before: PlacementReport, after: PlacementReport) {
    self.pagesPerNodeBefore = before.pagesPerNode.map { _ in before.pagesPerNodeText }
    self.pagesPerNodeAfter = after.pagesPerNode.map { _ in after.pagesPerNodeText }
    self.pageKindBefore = before.obtainedPages
    self.pageKindAfter = after.obtainedPages
  }

  /// Stores the statistics of samples in nanoseconds, and the rates that follow from them.
  public mutating func set(_ statistics: Statistics, stopReason: StopReason?) {
    self.n = statistics.count
    self.medianNanoseconds = statistics.median
    self.ci95LowNanoseconds = statistics.interval?.low
    self.ci95HighNanoseconds = statistics.interval?.high
    self.minNanoseconds = statistics.minimum
    self.iqrNanoseconds = statistics.interquartileRange
    self.outliers = statistics.outlierCount
    self.stopReason = stopReason
    guard statistics.median > 0 else { return }
    self.nanosecondsPerToken = statistics.median / Double(self.tokens)
    self.tokensPerSecond = Double(self.tokens) * 1e9 / statistics.median
    self.gigaflopPerSecond = self.flopPerToken.map { $0 * Double(self.tokens) / statistics.median }
    self.algorithmicGigabytesPerSecond = self.algorithmicBytesPerToken.map {
      $0 * Double(self.tokens) / statistics.median
    }
  }
}
