import Foundation
import Kernels
import Profiler

/// Micro-benchmarks of this host: the ceilings that a run quotes, and the figures that its machine file is made of.
public struct Calibration {
  public var ceilings: [CeilingRow]
  /// Why a ceiling could not be measured, by its name.
  public var missing: [String: String]

  public init(ceilings: [CeilingRow], missing: [String: String] = [:]) {
    self.ceilings = ceilings
    self.missing = missing
  }

  /// Names of the ceilings.
  public enum Name {
    public static let frequency = "core_frequency"
    public static let multiplyAddPeak = multiplyAddPeak(.fp32)
    /// `fma_peak_bf16`: the multiply-add peak for operands of a type; of bf16 and int8 that of their dot products.
    public static func multiplyAddPeak(_ type: ElementType) -> String { "fma_peak_\(type.rawValue)" }
    public static let readBandwidth = "read_bandwidth"
    public static let copyBandwidth = "copy_bandwidth"
    public static let loadLatency = "load_latency"
    public static let productRate = "product_rate_fp32"
    /// Random reads of whole rows of so many bytes.
    public static func randomRows(_ bytes: Int) -> String { "random_rows_\(bytes)b_bandwidth" }
  }

  /// 7 samples: the fewest for which the 95 % interval of the median leaves out an extreme on both sides is 9, the fewest
  /// that have one at all is 6; each sample already averages a millisecond of repetitions.
  private static let repetitions = 7

  /// Rows from two lines, the least that the loop reads, to the widest row that a kernel reads at once (512 fp32 columns).
  static let rowSizes = [128, 256, 512, 1024, 2048]
  /// The row size that is measured over all working sets, which shows where a level really ends: that of the default
  /// strategy's row pieces (128 fp32 columns).
  static let profiledRowSize = 512

  /// Measures on `topology`'s compact placement with one thread and with `allThreads`. `progress` hears what is next.
  public static func measure(
    topology: Topology, allThreads: Int, progress: (String) -> Void = { _ in }
  ) throws -> Calibration {
    var rows: [CeilingRow] = []
    var missing: [String: String] = [:]
    let sizes = workingSets(topology)
    for threads in Set([1, allThreads]).sorted() {
      let pool = try PinnedPool(cpus: topology.cpus(for: .compact, threads: threads))
      progress("calibrating \(threads) thread\(threads == 1 ? "" : "s")")
      if threads == 1 {
        rows.append(row(MicroBenchmarks.coreFrequency(pool: pool, repetitions: repetitions), Name.frequency, threads))
      }
      rows.append(
        row(try MicroBenchmarks.multiplyAddPeak(pool: pool, repetitions: repetitions), Name.multiplyAddPeak, threads))
      for type in DotProduct.allCases {
        let name = type.ceilingName
        if let reason = type.missing {
          missing[name] = reason
        } else {
          rows.append(
            row(try MicroBenchmarks.dotProductPeak(type, pool: pool, repetitions: repetitions), name, threads))
        }
      }
      for size in sizes {
        rows.append(
          row(
            try MicroBenchmarks.bandwidth(.read, workingSetBytes: size, pool: pool, repetitions: repetitions),
            Name.readBandwidth, threads))
      }
      if let largest = sizes.last {
        rows.append(
          row(
            try MicroBenchmarks.bandwidth(.copy, workingSetBytes: largest, pool: pool, repetitions: repetitions),
            Name.copyBandwidth, threads))
      }
      guard threads == 1 else { continue }
      rows.append(
        row(try MicroBenchmarks.productRate(pool: pool, repetitions: repetitions), Name.productRate, threads))
      let caches = topology.dataCaches(of: topology.allowedCPUs.first ?? 0).compactMap(\.sizeBytes)
      for (name, result) in try CoreConstants.measure(
        pool: pool, rowSet: secondLevelSet(caches), repetitions: repetitions)
      { rows.append(row(result, name, threads)) }
      let representative = levelSets(topology.dataCaches(of: topology.allowedCPUs.first ?? 0).compactMap(\.sizeBytes))
      for bytes in rowSizes {
        let sets =
          bytes == profiledRowSize ? Set(sizes.filter { $0 >= 16 << 10 } + representative) : Set(representative)
        for size in sets.sorted() {
          rows.append(
            row(
              try MicroBenchmarks.randomRowBandwidth(
                workingSetBytes: size, rowBytes: bytes, pool: pool, repetitions: repetitions),
              Name.randomRows(bytes), threads))
        }
      }
      for size in sizes {
        rows.append(
          row(
            try MicroBenchmarks.latency(workingSetBytes: size, pool: pool, repetitions: repetitions), Name.loadLatency,
            threads))
      }
    }
    return Calibration(ceilings: rows, missing: missing)
  }

  /// Powers of two and the 1.5-fold sizes between them, from 8 KiB to eight times the last-level cache, which leaves it
  /// at most an eighth of the accesses.
  private static func workingSets(_ topology: Topology) -> [Int] {
    let cpu = topology.allowedCPUs.first ?? 0
    let lastLevel = topology.dataCaches(of: cpu).last?.sizeBytes ?? 32 << 20
    var sizes: [Int] = []
    var size = 8 << 10
    while size <= 8 * lastLevel {
      sizes.append(size)
      if size >= 16 << 10 { sizes.append(size + size / 2) }
      size *= 2
    }
    return sizes
  }

  /// A working set for random rows of each level, and last of memory: three quarters of a private level,
  /// so that the level above serves little of it and the level below nothing; of a last level only eight times
  /// the level above, since other users of a shared cache may hold the rest; of memory eight times the last level.
  static func levelSets(_ sizes: [Int]) -> [Int] {
    let levels = sizes.enumerated().map { level, size in
      // Whole rows of every size.
      let own = size * 3 / 4 / 2048 * 2048
      return level > 0 && level == sizes.count - 1 ? min(own, 8 * sizes[level - 1]) : own
    }
    return levels + (sizes.last.map { [8 * $0] } ?? [])
  }

  /// The second level's working set among `levelSets`; the only level's where there is one.
  static func secondLevelSet(_ sizes: [Int]) -> Int { levelSets(sizes).prefix(2).last ?? 16 << 10 }

  private static func row(_ result: MicroBenchmarkResult, _ name: String, _ threads: Int) -> CeilingRow {
    let statistics = Statistics(result.samples)
    return CeilingRow(
      name: name, threads: threads, workingSetBytes: result.workingSetBytes.map { $0 * threads },
      value: statistics?.median ?? .nan, unit: result.unit.rawValue, ci95Low: statistics?.interval?.low,
      ci95High: statistics?.interval?.high, n: statistics?.count)
  }

  /// The multiply-add peaks of one thread alone, in 10^9 operations per second, and why others are missing.
  public static func multiplyAddPeaks() throws -> (peaks: [ElementType: Double], missing: [ElementType: String]) {
    let pool = try PinnedPool(cpus: Topology.read().cpus(for: .compact, threads: 1))
    var peaks: [ElementType: Double] = [:]
    var missing: [ElementType: String] = [:]
    peaks[.fp32] = Statistics(try MicroBenchmarks.multiplyAddPeak(pool: pool).samples)?.median
    for (type, dot) in [(ElementType.bf16, DotProduct.bf16), (.int8, .int8)] {
      missing[type] = dot.missing
      if dot.missing == nil {
        peaks[type] = Statistics(try MicroBenchmarks.dotProductPeak(dot, pool: pool).samples)?.median
      }
    }
    return (peaks, missing)
  }

  // MARK: - Reading

  /// The multiply-add peak of each element type for `threads`, where it was measured.
  public func multiplyAddPeaks(threads: Int = 1) -> [ElementType: Double] {
    Dictionary(
      uniqueKeysWithValues: ElementType.allCases.compactMap { type in
        value(Name.multiplyAddPeak(type), threads: threads).map { (type, $0) }
      })
  }

  /// The ceiling of `name` for `threads`; of several working sets the largest.
  public func value(_ name: String, threads: Int = 1) -> Double? {
    ceilings.last { $0.name == name && $0.threads == threads && !$0.value.isNaN }?.value
  }

  /// The ceiling of `name` for one thread over a working set of `bytes`.
  func value(_ name: String, workingSetBytes bytes: Int) -> Double? {
    ceilings.last { $0.name == name && $0.threads == 1 && $0.workingSetBytes == bytes && !$0.value.isNaN }?.value
  }

  /// The median of `name` over the working sets of one thread within `bytes`: a level's plateau, which a single size that
  /// happens to lie badly or well cannot move. Nil where no size lies within.
  public func plateau(_ name: String, within bytes: ClosedRange<Int>) -> Double? {
    let values = ceilings.filter { row in
      row.name == name && row.threads == 1 && !row.value.isNaN && row.workingSetBytes.map(bytes.contains) == true
    }.map(\.value)
    return values.isEmpty ? nil : quantile(values.sorted(), 0.5)
  }
}

extension DotProduct {
  fileprivate var ceilingName: String {
    switch self {
    case .bf16: return Calibration.Name.multiplyAddPeak(.bf16)
    case .int8: return Calibration.Name.multiplyAddPeak(.int8)
    }
  }
}
