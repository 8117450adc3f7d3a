import GRDB

/// The machine's speed at one moment between points: a row of sentinel.csv.
public struct SentinelRow: RunRow, Equatable, Sendable {
  public static let table = "sentinel"

  public var runID: String
  /// The order index of the next sample: the reading lies between it and the sample before.
  public var orderIndex: Int
  /// Time since the start of the run.
  public var startNanoseconds: Int
  /// The raw value of a `DriftSentinel.Benchmark`.
  public var benchmark: String
  /// The median of `n` repetitions.
  public var value: Double
  public var unit: String
  public var n: Int

  public enum CodingKeys: String, CodingKey, CaseIterable {
    case runID = "run_id"
    case orderIndex = "order_index"
    case startNanoseconds = "start_ns"
    case benchmark
    case value
    case unit
    case n
  }

  public init(
    runID: String, orderIndex: Int, startNanoseconds: Int, benchmark: String, value: Double, unit: String, n: Int
  ) {
    self.runID = runID
    self.orderIndex = orderIndex
    self.startNanoseconds = startNanoseconds
    self.benchmark = benchmark
    self.value = value
    self.unit = unit
    self.n = n
  }
}
