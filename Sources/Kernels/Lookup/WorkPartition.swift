/// How the workers of a pass divide a batch among themselves.
public struct WorkPartition: Hashable, Sendable {
  public enum Axis: String, CaseIterable, Codable, Sendable {
    /// Each worker takes a share of the tokens through all stages, and reads all tables.
    case tokens
    /// Each worker hashes a share of the tokens; when all have finished, each gathers its own output columns for
    /// every token. No sums are shared, and a worker's caches hold only its own columns of the tables.
    case tables
  }

  public var workers: Int
  public var axis: Axis

  public init(workers: Int = 1, along axis: Axis = .tokens) {
    self.workers = workers
    self.axis = axis
  }
}
