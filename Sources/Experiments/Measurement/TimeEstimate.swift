import AccessStreams
import Kernels
import Plans
import Profiler
import RunStore
import Statistics
import Support

/// The expected time of points, from the kernels' FLOPs and bytes at modest stated rates, or from an earlier run's
/// measurements.
///
/// It serves to plan a batch job; for predictions see `project` and `validate`.
public struct TimeEstimate: Sendable {
  /// Rates of one thread. A core of the last five years reaches two to four times the first in matrix products, and
  /// two to four times the second where tables lie in memory.
  public struct Rates: Equatable, Sendable {
    public var flopPerNanosecond = 50.0
    public var tableBytesPerNanosecond = 10.0
    /// To make, convert and place a layer's random parameters.
    public var nanosecondsPerParameter = 6.0
    /// The check's scalar double-precision reference: 5 ms a token of the published dense layer.
    public var nanosecondsPerReferenceFlop = 1.2
    /// To simulate one token on one machine; the simulated batch is short.
    public var projectionSecondsPerToken = 0.5 / 4096
    /// To start the process of a launch and to receive its report; `overhead_s` of attempts.csv is about this.
    public var launchSeconds = 0.05

    public init() {}
  }

  /// Whether each point is counted under valgrind once.
  public var countsUnderValgrind = false

  private let measure: Measure
  private let machines: Int
  private let rates: Rates
  /// The median pass in ns of points measured before, by their parameters.
  private let measured: [String: Double]
  /// The ratio of measured to estimated time, by kernel.
  private let correction: [KernelKind: Double]

  /// Calibration and the audit of the baseline, before the first point of a run, and later calibrations; each
  /// calibration takes half a minute on two cores.
  public static func preparationSeconds(_ measure: Measure) -> Double {
    let again = measure.calibrate == .everyLaunch ? measure.launches - 1 : 0
    return 45 + 35 * Double(again)
  }

  /// The number of tokens that the check compares.
  private static let checkedTokens = 16.0

  /// For an experiment's way of measuring, projected onto `machines` machines. `earlier` holds results of another run
  /// with their points.
  public init(_ measure: Measure, machines: Int, rates: Rates = Rates(), earlier: [(Point, ResultRow)] = []) {
    self.measure = measure
    self.machines = machines
    self.rates = rates
    let timed = earlier.compactMap { point, row in row.medianNanoseconds.map { (point, $0) } }
    measured = Dictionary(timed.map { ($0.key(ignoring: []), $1) }, uniquingKeysWith: { _, last in last })
    let stated = TimeEstimate.passNanoseconds(rates)
    correction = Dictionary(grouping: timed, by: { $0.0.kernel }).mapValues { points in
      quantile(points.map { $1 / stated($0) }.sorted(), 0.5)
    }
  }

  /// For an experiment as its file states it.
  public init(_ experiment: Experiment, earlier: [(Point, ResultRow)] = []) {
    self.init(experiment.measure, machines: max(1, experiment.machines.count), earlier: earlier)
    countsUnderValgrind = experiment.counters.contains(Valgrind.group)
  }

  public struct Seconds: Equatable, Sendable {
    /// One pass over all tokens.
    public var pass: Double
    /// Building, checking, warming up, sampling until there are enough samples, and projecting.
    public var expected: Double
    /// The time if the interval never becomes narrow enough.
    public var atMost: Double
    /// Of `expected`, what counting under valgrind takes; 0 where nothing is counted there.
    public var valgrind: Double = 0
    /// Whether the pass was measured rather than estimated.
    public var isMeasured: Bool
  }

  /// Seconds for a point that is only projected: its layer and its simulation.
  public func projectionSeconds(_ point: Point) -> Double {
    point.simulated.memoryNeeded == .tooLarge ? rates.launchSeconds : layer(point) + simulation(point)
  }

  private func layer(_ point: Point) -> Double { point.network.parameterCount * rates.nanosecondsPerParameter * 1e-9 }

  private func simulation(_ point: Point) -> Double {
    Double(point.simulated.tokens * machines) * rates.projectionSecondsPerToken
  }

  public func seconds(_ point: Point) -> Seconds {
    // No machine has the memory for it, so it is skipped.
    if point.memoryNeeded == .tooLarge {
      return Seconds(pass: 0, expected: rates.launchSeconds, atMost: rates.launchSeconds, isMeasured: false)
    }
    let known = measured[point.key(ignoring: [])]
    let stated: Double = TimeEstimate.passNanoseconds(rates)(point) * (correction[point.kernel] ?? 1)
    let pass: Double = (known ?? stated) * 1e-9
    let check = TimeEstimate.checkedTokens * point.flopPerToken * rates.nanosecondsPerReferenceFlop
    let simulated = simulation(point)
    // One pass before the check, and at least one to warm up.
    let running: Double = pass + max(measure.warmupSeconds, pass)
    let fixed: Double = layer(point) + check * 1e-9 + running + rates.launchSeconds
    let sampling = max(measure.minSeconds, Double(measure.minSamples) * pass)
    let limit = max(measure.maxSeconds, pass)
    // Each launch builds, checks and samples anew; the stream is simulated once, after all of them.
    let launches = Double(measure.launches)
    let valgrind = countsUnderValgrind ? countedSeconds(point) : 0
    return Seconds(
      pass: pass, expected: simulated + valgrind + launches * (fixed + min(sampling, limit)),
      atMost: simulated + valgrind + launches * (fixed + max(limit, min(sampling, limit))), valgrind: valgrind,
      isMeasured: known != nil)
  }

  // MARK: - Under valgrind

  /// What takes longer than the time limit is not begun.
  private func countedSeconds(_ point: Point) -> Double {
    let seconds = Self.valgrindSeconds(point)
    return seconds > measure.timeoutSeconds ? 0 : seconds
  }

  /// Rates under callgrind with its caches. With valgrind 3.19 on a two-core Zen 3, launches of the 25 points of
  /// `experiments/quick.yaml` with 256 tokens took 77 s longer with the group `valgrind` than without, and these rates
  /// add up to 78 s. Threads run in turns, so that their number does not matter.
  private enum ValgrindRates {
    /// To start valgrind, this program in it, and to end both.
    static let startSeconds = 2.1
    static let nanosecondsPerFlop = 1.3
    static let nanosecondsPerTableByte = 1.0
    /// To make a layer's parameters, which are constants, and to copy them into place.
    static let nanosecondsPerParameter = 10.0
    /// One to fill the caches, one that is counted.
    static let passes = 2.0
  }

  /// Seconds that counting a point under valgrind is expected to take.
  static func valgrindSeconds(_ point: Point) -> Double {
    let perToken =
      point.flopPerToken * ValgrindRates.nanosecondsPerFlop
      + point.tableBytesPerToken * ValgrindRates.nanosecondsPerTableByte
    let passes = ValgrindRates.passes * perToken * Double(point.simulated.tokens)
    return ValgrindRates.startSeconds
      + 1e-9 * (passes + point.network.parameterCount * ValgrindRates.nanosecondsPerParameter)
  }

  /// Seconds of one launch of a point.
  func launchSeconds(_ point: Point) -> Double {
    point.memoryNeeded == .tooLarge
      ? rates.launchSeconds : (seconds(point).expected - simulation(point)) / Double(measure.launches)
  }

  private static func passNanoseconds(_ rates: Rates) -> (Point) -> Double {
    { point in
      let perToken =
        point.flopPerToken / rates.flopPerNanosecond + point.tableBytesPerToken / rates.tableBytesPerNanosecond
      return max(1, perToken * Double(point.tokens) / Double(point.threads))
    }
  }
}

extension RunDirectory {
  /// The measured points of the run with their rows.
  public func timings() throws -> [(Point, ResultRow)] {
    let points = Dictionary(plan.points.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    return try store.rows(ResultRow.self).compactMap { row in points[row.pointID].map { ($0, row) } }
  }

  /// The expected seconds left for each point, by what the run has measured so far: 0 for those that have ended.
  public func secondsLeft() throws -> (Point) -> Double {
    let experiment = try experiment()
    let estimate = TimeEstimate(experiment, earlier: try timings())
    var sofar = PartialProgress(launches: experiment.measure.launches)
    try sofar.add(store)
    return { sofar.status($0.id) == .planned ? estimate.seconds($0).expected : 0 }
  }
}

extension Point {
  var flopPerToken: Double { network.accounts.reduce(0) { $0 + $1.flops } }
  var tableBytesPerToken: Double { network.accounts.reduce(0) { $0 + $1.tableBytes } }
}
