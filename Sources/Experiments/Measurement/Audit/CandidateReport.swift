import Foundation
import Kernels
import Profiler

/// A candidate's description of itself, and its time for each product.
public struct CandidateReport: Codable, Equatable, Sendable {
  public struct Timing: Codable, Equatable, Sendable {
    public var product: ProductShape
    /// Times in nanoseconds, one of one product each.
    public var samples: [Double]

    public init(product: ProductShape, samples: [Double]) {
      self.product = product
      self.samples = samples
    }
  }

  public var name: String
  public var version: String?
  public var coreType: String?
  public var path: String
  public var timings: [Timing]

  public init(name: String, version: String?, coreType: String?, path: String, timings: [Timing]) {
    self.name = name
    self.version = version
    self.coreType = coreType
    self.path = path
    self.timings = timings
  }
}

/// A candidate's report, or the reason why there is none.
public enum CandidateOutcome: Codable, Equatable, Sendable {
  case timed(CandidateReport)
  case failed(String)
}

extension CandidateReport {
  /// 7: the median then has three samples on either side, and one disturbed sample does not move it far.
  private static let fewestSamples = 7
  /// Enough for products of a few microseconds; more would lengthen the audit, not change its choice.
  private static let mostSamples = 31
  /// Samples beyond the fewest are taken within this time for a product.
  private static let budgetNanoseconds = 100_000_000.0

  /// Loads `candidate` into this process, checks its results, and times it on one pinned thread, warm and in huge
  /// pages.
  public static func measure(_ candidate: LibraryCandidate, _ products: [ProductShape]) -> CandidateOutcome {
    do {
      let library = try BLAS.load(candidate)
      for dtype in Set(products.map(\.dtype)) { try library.requireProduct(of: dtype) }
      let topology = Topology.read()
      let pool = try PinnedPool(cpus: topology.cpus(for: .compact, threads: 1))
      let timings = try products.map { product in
        Timing(product: product, samples: try samples(of: library, product, pool, topology))
      }
      return .timed(
        CandidateReport(
          name: library.name, version: library.version, coreType: library.coreType, path: library.path,
          timings: timings))
    } catch {
      return .failed("\(error)")
    }
  }

  private static func samples(
    of library: BLAS, _ product: ProductShape, _ pool: PinnedPool, _ topology: Topology
  ) throws -> [Double] {
    let operands = try ProductOperands(product, of: library, pool: pool, topology: topology)
    let work: (Int) -> Void = { _ in operands.multiply() }
    pool.run(work)
    if let place = operands.firstWrong() { throw WrongProduct(place: place, product: product) }
    let once = max(1, Double(pool.timed(work)))
    let repetitions = max(1, Int((Double(MicroBenchmarks.minimumSampleNs) / once).rounded(.up)))
    var samples: [Double] = []
    var total = 0.0
    while samples.count < fewestSamples || (samples.count < mostSamples && total < budgetNanoseconds) {
      let time = Double(pool.timed { index in for _ in 0..<repetitions { work(index) } })
      samples.append(time / Double(repetitions))
      total += time
    }
    return samples
  }
}

/// A library with a wrong result, which makes it useless as a baseline.
private struct WrongProduct: Error, CustomStringConvertible {
  let place: (row: Int, column: Int)
  let product: ProductShape

  var description: String {
    "computes wrongly: element (\(place.row), \(place.column)) of \(product.m) x \(product.n) x \(product.k) is not the "
      + "reference's"
  }
}
