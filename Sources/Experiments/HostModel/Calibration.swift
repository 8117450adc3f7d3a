import Foundation
import Kernels
import Machines
import Profiler
import RunStore
import Simulation
import Statistics

/// Micro-benchmarks of this host: the ceilings of a run, and the source of its machine file.
public struct Calibration {
  public var ceilings: [CeilingRow]
  /// Every sample: of the ceilings, and of benchmarks with further parameters (concurrent chases, loaded latency).
  public var series: [CalibrationSeries]
  /// The reason why a ceiling could not be measured, by its name.
  public var missing: [String: String]

  public init(ceilings: [CeilingRow], series: [CalibrationSeries] = [], missing: [String: String] = [:]) {
    self.ceilings = ceilings
    self.series = series
    self.missing = missing
  }

  /// Names of the ceilings.
  public enum Name {
    public static let frequency = "core_frequency"
    public static let multiplyAddPeak = multiplyAddPeak(.fp32)
    /// `fma_peak_bf16`: the multiply-add peak for operands of a type; for bf16 and int8 that of their dot products.
    public static func multiplyAddPeak(_ type: TableType) -> String { "fma_peak_\(type.rawValue)" }
    public static let readBandwidth = "read_bandwidth"
    public static let writeBandwidth = "write_bandwidth"
    /// Bandwidth of non-temporal stores.
    public static let streamStoreBandwidth = "stream_store_bandwidth"
    public static let copyBandwidth = "copy_bandwidth"
    public static let loadLatency = "load_latency"
    /// Load latency on pages of 4 KiB instead of huge ones.
    public static let basePageLatency = "load_latency_4k_pages"
    /// Latency of the farthest node's memory; the bandwidth is that of all threads reading it.
    public static let remoteLatency = "remote_latency"
    public static let remoteReadBandwidth = "remote_read_bandwidth"
    /// Several independent random chases on one thread.
    public static let independentChases = "independent_chases"
    public static let forkJoin = "fork_join"
    public static let barrier = "barrier"
    public static func bandwidth(_ stream: MicroBenchmarks.Stream) -> String {
      switch stream {
      case .read: readBandwidth
      case .write: writeBandwidth
      case .writePastCaches: streamStoreBandwidth
      case .copy: copyBandwidth
      }
    }
    /// `fma_peak_fp32_avx2`: the multiply-add peak of narrower vectors than the widest.
    public static func multiplyAddPeak(_ path: VectorPath) -> String { "\(multiplyAddPeak)_\(path.rawValue)" }
    /// Latency of a chase while other threads make traffic, with the bandwidth of that traffic.
    public static func loadedLatency(_ traffic: MicroBenchmarks.Traffic) -> String {
      "loaded_latency_\(traffic.rawValue)"
    }
    public static func loadedBandwidth(_ traffic: MicroBenchmarks.Traffic) -> String {
      "loaded_bandwidth_\(traffic.rawValue)"
    }
    /// Loaded latency where every thread makes its traffic between the loads of its own chase.
    public static func interleavedLatency(_ traffic: MicroBenchmarks.Traffic) -> String {
      "interleaved_latency_\(traffic.rawValue)"
    }
    public static func interleavedBandwidth(_ traffic: MicroBenchmarks.Traffic) -> String {
      "interleaved_bandwidth_\(traffic.rawValue)"
    }
    public static let productRate = "product_rate_fp32"
    /// Random reads of whole rows of `bytes` bytes.
    public static func randomRows(_ bytes: Int) -> String { "random_rows_\(bytes)b_bandwidth" }
    /// Random reads of rows in `piecesPerRow` pieces of `bytes` bytes.
    public static func randomRowPieces(_ bytes: Int) -> String { "random_row_pieces_\(bytes)b_bandwidth" }
  }

  /// Row sizes in bytes, from two lines, the least that the loop reads, to the widest row that a kernel reads at once
  /// (512 fp32 columns).
  public static let randomRowSizes = [128, 256, 512, 1024, 2048]
  /// Bytes of a row that sums in registers take at a time: 64 columns with 256-bit vectors, of int8, bf16 and fp32,
  /// and 128 of fp32 with 512-bit vectors.
  public static let randomRowPieceSizes = [64, 128, 256, 512]
  /// 512 columns in pieces of 64.
  static let piecesPerRow = 8
  /// The row size that is measured over all working sets, to find the true capacity of a level: that of the default
  /// strategy's row pieces (128 fp32 columns).
  static let profiledRowSize = 512

  /// Measures on `topology`'s compact placement with one thread and with `allThreads`, repeating everything in
  /// `rounds` rounds, by default as many as `extent` says. `progress` gets a message before each part. Throws
  /// `SystemError` where the process may not have enough memory.
  public static func measure(
    topology: Topology, allThreads: Int, extent: CalibrationExtent = .full, rounds: Int? = nil,
    progress: (String) -> Void = { _ in }
  ) throws -> Calibration {
    var bench = CalibrationBench(topology: topology, extent: extent, rounds: rounds ?? extent.rounds)
    for threads in Set([1, allThreads]).sorted() {
      progress("calibrating \(threads) thread\(threads == 1 ? "" : "s")")
      try bench.measure(threads: threads)
    }
    return bench.calibration
  }

  /// Working sets for random rows in each level, and last in memory: three quarters of a private level, so that the
  /// level above serves few rows and the level below none; for the last level only eight times the level above, since
  /// other users of a shared cache may hold the rest; for memory eight times the last level.
  static func levelSets(_ sizes: [Int]) -> [Int] {
    let levels = sizes.enumerated().map { level, size in
      // A multiple of every row size.
      let own = size * 3 / 4 / 2048 * 2048
      return level > 0 && level == sizes.count - 1 ? min(own, 8 * sizes[level - 1]) : own
    }
    return levels + (sizes.last.map { [8 * $0] } ?? [])
  }

  /// The second level's working set among `levelSets`; the first level's where there is only one.
  static func secondLevelSet(_ sizes: [Int]) -> Int { levelSets(sizes).prefix(2).last ?? 16 << 10 }

  /// Adds samples to those of the same micro-benchmark at the same setting, if there are any.
  mutating func add(_ later: CalibrationSeries) {
    var all = later
    if let known = series.firstIndex(where: later.isSame) {
      series[known].samples += later.samples
      series[known].disturbedSamples += later.disturbedSamples
      all = series[known]
    } else {
      series.append(later)
    }
    // A series with a parameter is no ceiling, since ceilings.csv has no column for it.
    guard all.parameter == nil else { return }
    if let row = ceilings.firstIndex(where: { $0.isSame(as: all.ceiling) }) {
      ceilings[row] = all.ceiling
    } else {
      ceilings.append(all.ceiling)
    }
  }

  /// Adds a later calibration of the same host as another round of this one.
  package mutating func add(_ later: Calibration) {
    for series in later.series { add(series) }
    missing = later.missing
  }

  /// The multiply-add peaks of one thread in 10^9 operations per second, and the reasons for missing ones.
  public static func multiplyAddPeaks() throws -> (peaks: [TableType: Double], missing: [TableType: String]) {
    let pool = try PinnedPool(cpus: Topology.read().cpus(for: .compact, threads: 1))
    var peaks: [TableType: Double] = [:]
    var missing: [TableType: String] = [:]
    peaks[.fp32] = Statistics(try MicroBenchmarks.multiplyAddPeak(pool: pool).samples)?.median
    for (type, dot) in [(TableType.bf16, DotProduct.bf16), (.int8, .int8)] {
      missing[type] = dot.missing
      if dot.missing == nil {
        peaks[type] = Statistics(try MicroBenchmarks.dotProductPeak(dot, pool: pool).samples)?.median
      }
    }
    return (peaks, missing)
  }

  /// The calibration with every ceiling at the value that its least disturbed samples sustain instead of its median:
  /// the machine without other load. Other load can only slow a micro-benchmark down (McVoy and Staelin, USENIX 1996,
  /// take the least time as well), and its effect during a calibration says nothing about the moment that is to be
  /// predicted.
  ///
  /// For a setting of loaded latency it takes the sample with the least latency, and the bandwidth of that very
  /// sample.
  public var undisturbed: Calibration {
    var best = self
    for index in ceilings.indices {
      let own = series.first { $0.parameter == nil && $0.ceiling.isSame(as: ceilings[index]) }
      guard let value = own?.sustained else { continue }
      best.ceilings[index].value = value
      best.ceilings[index].ci95Low = nil
      best.ceilings[index].ci95High = nil
    }
    for traffic in MicroBenchmarks.Traffic.allCases {
      let names = (bandwidth: Name.loadedBandwidth(traffic), latency: Name.loadedLatency(traffic))
      for index in series.indices where series[index].name == names.latency {
        let latency = series[index]
        guard
          let other = series.firstIndex(where: {
            $0.name == names.bandwidth && $0.threads == latency.threads && $0.parameter == latency.parameter
          }), let least = latency.samples.indices.min(by: { latency.samples[$0] < latency.samples[$1] }),
          series[other].samples.indices.contains(least)
        else { continue }
        best.series[index].samples = [latency.samples[least]]
        best.series[other].samples = [series[other].samples[least]]
      }
    }
    return best
  }

  // MARK: - Reading

  /// The result of independent chases of one thread over a working set of `bytes`; nil where there are none.
  public func linesInFlight(workingSetBytes bytes: Int) -> LinesInFlight? {
    LinesInFlight(
      series.compactMap { series in
        guard series.name == Name.independentChases, series.threads == 1, series.workingSetBytes == bytes,
          case .chains(let chains)? = series.parameter, let median = series.statistics?.median
        else { return nil }
        return (chains, median)
      })
  }

  /// Working sets of independent chases in bytes, ascending.
  public var chaseSets: [Int] {
    Set(series.filter { $0.name == Name.independentChases }.compactMap(\.workingSetBytes)).sorted()
  }

  /// Bandwidth and latency under `traffic`, medians, by rising pressure, with `threads` threads in all.
  public func loadedLatency(_ traffic: MicroBenchmarks.Traffic, threads: Int) -> [LoadedLatencyCurve.Point] {
    points(Name.loadedBandwidth(traffic), Name.loadedLatency(traffic), threads: threads).sorted { $0.0 > $1.0 }.map(\.1)
  }

  /// The same with interleaved traffic, by rising lines per load.
  public func interleavedLatency(_ traffic: MicroBenchmarks.Traffic, threads: Int) -> [LoadedLatencyCurve.Point] {
    points(Name.interleavedBandwidth(traffic), Name.interleavedLatency(traffic), threads: threads)
      .sorted { $0.0 < $1.0 }.map(\.1)
  }

  private func points(_ bandwidth: String, _ latency: String, threads: Int) -> [(Int, LoadedLatencyCurve.Point)] {
    series.filter { $0.name == bandwidth && $0.threads == threads }.compactMap { row in
      let other = series.first { $0.name == latency && $0.threads == threads && $0.parameter == row.parameter }
      guard let parameter = row.parameter, let gigabytes = row.statistics?.median,
        let nanoseconds = other?.statistics?.median
      else { return nil }
      return (parameter.value, LoadedLatencyCurve.Point(gigabytesPerSecond: gigabytes, nanoseconds: nanoseconds))
    }
  }

  /// The working sets at which the cost of a ceiling of one thread rises. `leastRise` as in `CacheBoundaries`.
  public func boundaries(_ name: String, leastRise: Double) -> CacheBoundaries {
    let rows = ceilings.filter { $0.name == name && $0.threads == 1 && $0.value > 0 }
      .sorted { ($0.workingSetBytes ?? 0) < ($1.workingSetBytes ?? 0) }
    return CacheBoundaries(
      sizes: rows.compactMap(\.workingSetBytes),
      costs: rows.filter { $0.workingSetBytes != nil }.map { $0.unit == "GB/s" ? 1 / $0.value : $0.value },
      leastRise: leastRise)
  }

  /// The measured multiply-add peak of each element type for `threads`, in 10^9 operations per second.
  public func multiplyAddPeaks(threads: Int = 1) -> [TableType: Double] {
    Dictionary(
      uniqueKeysWithValues: TableType.allCases.compactMap { type in
        value(Name.multiplyAddPeak(type), threads: threads).map { (type, $0) }
      })
  }

  /// The ceiling of `name` for `threads`, at its largest working set.
  public func value(_ name: String, threads: Int = 1) -> Double? {
    ceilings.last { $0.name == name && $0.threads == threads && !$0.value.isNaN }?.value
  }

  /// The ceiling of `name` for one thread over a working set of `bytes`.
  func value(_ name: String, workingSetBytes bytes: Int) -> Double? {
    ceilings.last { $0.name == name && $0.threads == 1 && $0.workingSetBytes == bytes && !$0.value.isNaN }?.value
  }

  /// The median of `name` over the working sets of one thread within `bytes`: a level's plateau, which no single
  /// unusual size can move. Nil where no size lies within.
  public func plateau(_ name: String, within bytes: ClosedRange<Int>) -> Double? {
    let values = ceilings.filter { row in
      row.name == name && row.threads == 1 && !row.value.isNaN && row.workingSetBytes.map(bytes.contains) == true
    }.map(\.value)
    return values.isEmpty ? nil : quantile(values.sorted(), 0.5)
  }
}

extension DotProduct {
  var ceilingName: String {
    switch self {
    case .bf16: return Calibration.Name.multiplyAddPeak(.bf16)
    case .int8: return Calibration.Name.multiplyAddPeak(.int8)
    }
  }
}
