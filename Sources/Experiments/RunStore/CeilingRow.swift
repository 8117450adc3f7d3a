import GRDB

/// The result of a micro-benchmark of the same run: a row of ceilings.csv.
public struct CeilingRow: RunRow, Equatable, Sendable {
  public static let table = "ceilings"

  /// The benchmark, such as fma_peak, read_bandwidth or load_latency.
  public var name: String
  public var threads: Int
  /// The working set of all threads together; nil where the benchmark stays in registers.
  public var workingSetBytes: Int?
  /// The median over the repetitions.
  public var value: Double
  /// The unit of the value, such as GFLOP/s, GB/s or ns.
  public var unit: String
  public var ci95Low: Double?
  public var ci95High: Double?
  public var n: Int?

  public enum CodingKeys: String, CodingKey, CaseIterable {
    case name
    case threads
    case workingSetBytes = "working_set_bytes"
    case value
    case unit
    case ci95Low = "ci95_low"
    case ci95High = "ci95_high"
    case n
  }

  public init(
    name: String, threads: Int, workingSetBytes: Int? = nil, value: Double, unit: String, ci95Low: Double? = nil,
    ci95High: Double? = nil, n: Int? = nil
  ) {
    self.name = name
    self.threads = threads
    self.workingSetBytes = workingSetBytes
    self.value = value
    self.unit = unit
    self.ci95Low = ci95Low
    self.ci95High = ci95High
    self.n = n
  }

  /// Whether both rows are of one micro-benchmark at one setting.
  package func isSame(as other: CeilingRow) -> Bool {
    name == other.name && threads == other.threads && workingSetBytes == other.workingSetBytes
  }
}
