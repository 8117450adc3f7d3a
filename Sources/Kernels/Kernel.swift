import AccessStreams

/// A feed-forward kernel that is ready to run: the interface of every network to the harness.
public protocol Kernel: AnyObject {
  /// Features of an input and of an output token.
  var inputWidth: Int { get }
  var outputWidth: Int { get }
  /// The library that computes the matrix products; nil where none is used.
  var blas: BLAS? { get }
  /// The cost of each stage per token by the definition of the algorithm.
  var accounts: [StageAccount] { get }

  /// A worker that computes `tokens` of a batch, with scratch from `memory`.
  func worker(index: Int, tokens: Range<Int>, memory: any MemorySource) throws -> any KernelWorker

  /// The workers that together compute `tokens` tokens: worker k runs on thread k, all at the same time. A kernel
  /// whose workers wait for one another calls `barrier`, which returns when all workers have called it.
  func workers(
    _ count: Int, tokens: Int, memory: any MemorySource, barrier: @escaping () -> Void
  ) throws -> [any KernelWorker]

  /// Compares `output` with the reference for each of `tokens`.
  func check(input: UnsafePointer<Float>, output: UnsafePointer<Float>, tokens: [Int]) throws -> CheckResult

  /// Whether the check compares codes, so that code mismatches are a result.
  var hasCodes: Bool { get }

  /// The rows that a gather reads for the first `tokens` tokens of a batch, [tokens, tables]; nil for a kernel that reads
  /// the same memory whatever its input.
  func rows(input: UnsafePointer<Float>, tokens: Int) throws -> [Int32]?

  /// Observations of a batch to record after it was timed.
  func observations(input: UnsafePointer<Float>, tokens: Int) throws -> KernelObservations

  /// The workload of `tokens` tokens of `input` on `threads` cores, for the cache model.
  func workload(input: UnsafePointer<Float>, tokens: Int, threads: Int) throws -> any Workload
}

/// A kernel's observations of a batch besides its output.
public struct KernelObservations {
  /// Mean over tables of the Shannon entropy of the codes; nil for a kernel without codes.
  public var codeEntropyBits: Double?
  /// Notes for readers of the results.
  public var notes: [String] = []
}

extension Kernel {
  public var hasCodes: Bool { false }

  public func rows(input: UnsafePointer<Float>, tokens: Int) throws -> [Int32]? { nil }

  public func observations(input: UnsafePointer<Float>, tokens: Int) throws -> KernelObservations {
    KernelObservations()
  }

  public func workers(
    _ count: Int, tokens: Int, memory: any MemorySource, barrier: @escaping () -> Void
  ) throws -> [any KernelWorker] {
    try independentWorkers(count, tokens: tokens, memory: memory)
  }

  /// Workers that each compute a share of the tokens and never wait for one another.
  func independentWorkers(_ count: Int, tokens: Int, memory: any MemorySource) throws -> [any KernelWorker] {
    try partition(tokens: tokens, workers: count).enumerated().map { index, share in
      try worker(index: index, tokens: share, memory: memory)
    }
  }
}

/// One thread's share of a kernel's work. `run` allocates nothing.
public protocol KernelWorker: AnyObject {
  /// Runs the worker's tokens of a batch: `input` and `output` are token-major and start at token 0 of the batch.
  func run(input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>)
}

/// The version of the numerical code. It is part of a point's identity, so that results of different kernels are
/// never mixed. Increase it with every change that can move a time or a result.
public let kernelVersion = "3"

/// Splits `tokens` into contiguous shares, one per worker, at multiples of a lane group. The last share may be
/// shorter; shares are empty where there are more workers than groups.
public func partition(tokens: Int, workers: Int) -> [Range<Int>] {
  let groups = (tokens + laneGroup - 1) / laneGroup
  return (0..<workers).map { worker in
    let low = min(tokens, groups * worker / workers * laneGroup)
    let high = min(tokens, groups * (worker + 1) / workers * laneGroup)
    return low..<high
  }
}

/// The size of the largest share of `partition`, computed without making the shares: a point may name more workers
/// than any machine has.
public func largestShare(tokens: Int, workers: Int) -> Int {
  guard tokens > 0, workers > 0 else { return 0 }
  let groups = (tokens + laneGroup - 1) / laneGroup
  let (whole, rest) = groups.quotientAndRemainder(dividingBy: workers)
  // The last worker's share is one of the largest, and the only one that may end inside a lane group.
  let last = tokens - groups * (workers - 1) / workers * laneGroup
  switch rest {
  case 0: return workers == 1 ? last : whole * laneGroup
  case 1: return max(whole * laneGroup, last)
  default: return (whole + 1) * laneGroup
  }
}

extension Range<Int> {
  /// Consecutive pieces of at most `size`.
  func pieces(of size: Int) -> [Range<Int>] {
    stride(from: lowerBound, to: upperBound, by: size).map { $0..<Swift.min($0 + size, upperBound) }
  }
}
