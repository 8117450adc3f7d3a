import AccessStreams
import Dispatch
import Machines
import Measurement
import Plans
import Profiles
import Projection
import Simulation
import Support
import Synchronization

/// Answers questions about grids of machines. Every point's stream is profiled once; every machine is then a sum over
/// the profile and the timing equations. All results are modelled.
public struct Exploration {
  /// A look-up point and its dense baseline.
  public struct Pair: Sendable {
    public var lookup: Point
    /// The baseline; nil where the experiment has no dense network for the point.
    public var matchup: Matchup<Point>?
    public var dense: Point? { matchup?.baseline }
    public var label: String { lookup.label }
  }

  /// A machine of the grid with the model's expectation for one pair.
  public struct Evaluation: Sendable {
    public var pair: Int
    public var variant: MachineVariant
    public var tokensPerSecond: ProjectedValue
    public var socketTokensPerSecond: ProjectedValue
    /// The speed-up over the baseline; nil without one.
    public var speedup: ProjectedValue?
    public var socketSpeedup: ProjectedValue?
    public var limiter: Limiter
    public var denseLimiter: Limiter?

    public func value(_ metric: ExplorationMetric) -> ProjectedValue? {
      switch metric {
      case .speedup: speedup
      case .socketSpeedup: socketSpeedup
      case .tokens: tokensPerSecond
      case .socketTokens: socketTokensPerSecond
      }
    }
  }

  /// The answer to a threshold question on one base machine, all other figures as stated.
  public struct Threshold: Sendable {
    public var target: ExplorationTarget
    public var figure: MachineFigure
    public var pair: Int
    public var base: Machine
    /// The values of figures that `--vary` set in addition to the asked one.
    public var others: [(figure: MachineFigure, value: Double)]
    /// All machines tried, by rising value of the figure.
    public var tried: [Evaluation]
    /// The machine with the least (or greatest) value that reaches the threshold; nil where none does.
    public var answer: Evaluation?
    /// The same where even the low end of the band must reach the threshold.
    public var cautious: Evaluation?
    /// Whether every value tried beyond the answer, in the direction of higher cost, reaches the threshold too.
    public var holdsBeyond: Bool

    public func value(_ evaluation: Evaluation?) -> Double? { evaluation.flatMap { $0.variant.value(figure) } }

    /// Whether the answer is the first value tried, so that values outside the range may reach the threshold as well.
    public var isAtEdge: Bool {
      if case .greatest = target.question { return answer != nil && value(answer) == value(tried.last) }
      return answer != nil && value(answer) == value(tried.first)
    }

    /// The answer as text: `2MiB`, with a sign where the range ends there, or `none` where nothing tried reaches the
    /// threshold.
    public var answerText: String {
      guard let value = value(answer) else { return "none" }
      guard isAtEdge else { return figure.text(value) }
      if case .greatest = target.question { return "≥ " + figure.text(value) }
      return "≤ " + figure.text(value)
    }
  }

  /// The Pareto front: the machines that no other one dominates, by rising metric.
  public struct Front: Sendable {
    public var target: ExplorationTarget
    public var figures: [MachineFigure]
    public var pair: Int
    public var base: Machine
    public var tried: [Evaluation]
    public var points: [Evaluation]
  }

  /// The error of profiles against exact simulations, on a sample of the machines evaluated.
  public struct Check: Sendable {
    public var machines: Int
    /// Mean relative error of tokens/s over both networks of each pair, as a fraction.
    public var meanError: Double
    public var worstError: Double
    public var worst: String
  }

  public private(set) var pairs: [Pair] = []
  public private(set) var thresholds: [Threshold] = []
  public private(set) var fronts: [Front] = []
  /// The number of projections of one point onto one machine, and the time that all of them took without profiling.
  public private(set) var evaluations = 0
  public private(set) var seconds = 0.0
  public private(set) var profileSeconds = 0.0
  public private(set) var check: Check?

  private var profiled: [(lookup: ProfiledPoint, dense: ProfiledPoint?)] = []

  /// Asks `targets` for every base machine and every pair of `points`. Throws `InputError` where a question has no
  /// possible answer.
  ///
  /// `checks` of the evaluated machines, the same ones every time, are also simulated exactly.
  public init(
    _ points: [Point], experiment: Experiment, bases: [Machine], targets: [ExplorationTarget],
    vary: [FigureRange] = [], sampling: Sampling = .all, checks: Int = 0,
    progress: @Sendable (String) -> Void = { _ in }
  ) throws {
    try Exploration.validate(
      bases: bases, targets: targets, vary: vary, lookups: points.count(where: \.needsBaseline))
    var start = DispatchTime.now()
    try profile(points, experiment: experiment, bases: bases, sampling: sampling, progress: progress)
    profileSeconds = start.secondsPassed
    guard targets.contains(where: { !$0.metric.isRelative }) || pairs.contains(where: { $0.dense != nil }) else {
      throw InputError(
        file: experiment.file, key: "sweeps",
        "expected a dense point of the same width, tokens and threads as a look-up point, found none")
    }
    start = DispatchTime.now()
    for target in targets {
      for base in bases { try ask(target, base, vary) }
    }
    seconds = start.secondsPassed
    if checks > 0 { check = try compared(checks) }
  }

  /// The most machines evaluated for all look-up points and questions together: all of them stay in memory, at about
  /// 1 kB each.
  public static let mostEvaluations = 4_000_000

  private static func validate(
    bases: [Machine], targets: [ExplorationTarget], vary: [FigureRange], lookups: Int
  ) throws {
    guard !targets.isEmpty else {
      throw InputError(key: "--target", "expected at least one, such as 'min l2 speedup>=4'")
    }
    guard let first = bases.first else {
      throw InputError(
        key: "--machine", "expected at least one machine to start from; 'lookahead machines list' shows them")
    }
    guard Set(vary.map(\.figure)).count == vary.count else {
      throw InputError(key: "--vary", "expected each figure once")
    }
    var machines = CheckedSize(0)
    for base in bases {
      guard base.lineBytes == first.lineBytes else {
        throw InputError(
          key: "--machine", "expected machines of one line size, found \(first.name) and \(base.name); ask them in turn"
        )
      }
      let missing = base.keysMissingForProjection
      guard missing.isEmpty else {
        throw InputError(
          key: base.name, "expected a machine that can be projected onto; missing: \(missing.joined(separator: ", "))")
      }
      for figure in targets.flatMap(\.figures) + vary.map(\.figure) where figure.value(of: base) == nil {
        throw InputError(key: base.name, "expected a machine that has the figure '\(figure.rawValue)'")
      }
      for target in targets {
        let ranges = ranges(target, base, vary)
        machines = machines + (try MachineGrid.requireFew(ranges))
        try MachineGrid.requireSome(of: base, ranges)
      }
    }
    let evaluations = machines * lookups
    guard evaluations <= CheckedSize(mostEvaluations) else {
      throw InputError(
        key: "--target",
        "expected at most \(CheckedSize(mostEvaluations)) machines for all questions and points, found \(machines) machines "
          + "for each of \(CheckedSize(lookups)) look-up points; name fewer values or fewer points")
    }
  }

  // MARK: - Profiles

  private mutating func profile(
    _ points: [Point], experiment: Experiment, bases: [Machine], sampling: Sampling,
    progress: @Sendable (String) -> Void
  ) throws {
    let factory = KernelFactory(experiment: experiment, libraries: LibraryChoice())
    let sharings = Set(bases.flatMap { $0.caches.map(\.sharedByCores) }).sorted()
    let lineBytes = bases[0].lineBytes
    var workloads: [(point: Point, workload: any Workload)] = []
    var leftOut: Set<String> = []
    /// Whether the point has a place among `workloads`, which this call may have added.
    func takes(_ point: Point) throws -> Bool {
      if leftOut.contains(point.id) { return false }
      if workloads.contains(where: { $0.point.id == point.id }) { return true }
      do {
        workloads.append((point, try ProfiledPoint.makeWorkload(of: point, from: factory, bases: bases)))
        return true
      } catch let skipped as PointSkipped {
        progress("left out \(point.label): \(skipped)")
        leftOut.insert(point.id)
        return false
      }
    }
    for lookup in points where lookup.needsBaseline {
      guard try takes(lookup) else { continue }
      let matchup = try Matchup(of: lookup, among: points).flatMap { try takes($0.baseline) ? $0 : nil }
      pairs.append(Pair(lookup: lookup, matchup: matchup))
    }
    // Streams are independent of each other, but the kernels that state them must be made one after another.
    let progressLock = Mutex(())
    let made = try concurrentMap(workloads) { point, workload in
      progressLock.withLock { _ in progress("profiling \(point.label)") }
      return try ProfiledPoint(point, workload, sharings: sharings, lineBytes: lineBytes, sampling: sampling)
    }
    let byID = Dictionary(made.map { ($0.point.id, $0) }) { first, _ in first }
    for pair in pairs {
      guard let lookup = byID[pair.lookup.id] else { continue }
      profiled.append((lookup, pair.dense.flatMap { byID[$0.id] }))
    }
    guard !pairs.isEmpty else {
      throw InputError(
        file: experiment.file, key: "sweeps", "expected a look-up point that can be profiled, found none")
    }
  }

  // MARK: - Questions

  /// The values of every figure that a question varies on a base. A threshold's own figure comes last, so that the
  /// machines among which it chooses follow each other.
  private static func ranges(_ target: ExplorationTarget, _ base: Machine, _ vary: [FigureRange]) -> [FigureRange] {
    var step = 1
    // Two steps an octave by default: a front has several figures, whose numbers of values multiply.
    if case .pareto = target.question { step = 4 }
    let asked = target.figures.map { figure in
      vary.first { $0.figure == figure }
        ?? FigureRange(
          figure: figure,
          values: figure.range(around: base).enumerated().filter { $0.offset % step == 0 }.map(\.element))
    }
    return vary.filter { !target.figures.contains($0.figure) } + asked
  }

  /// Asks a question about all pairs on one grid.
  private mutating func ask(_ target: ExplorationTarget, _ base: Machine, _ vary: [FigureRange]) throws {
    let variants = try MachineGrid.variants(of: base, Exploration.ranges(target, base, vary))
    let asked = pairs.indices.filter { !target.metric.isRelative || pairs[$0].dense != nil }
    let table = try evaluated(variants, of: base, asked)
    for (column, pair) in asked.enumerated() {
      let results = table.map { $0[column] }
      switch target.question {
      case .least(let figure, let metric, let threshold), .greatest(let figure, let metric, let threshold):
        var start = 0
        while start < variants.count {
          let others = variants[start].others(than: figure)
          let end = variants[start...].firstIndex { !same($0.others(than: figure), others) } ?? variants.count
          thresholds.append(
            Threshold(
              target, figure, metric, threshold, pair: pair, base: base, others: others,
              tried: results[start..<end].compactMap { $0 }))
          start = end
        }
      case .pareto(let metric, let figures):
        let tried = results.compactMap { $0 }
        fronts.append(
          Front(
            target: target, figures: figures, pair: pair, base: base, tried: tried,
            points: paretoFront(tried, metric, figures)))
      }
    }
  }

  /// Evaluates every variant for each pair of `asked`; nil where a variant has fewer cores than the pair has threads.
  private mutating func evaluated(
    _ variants: [MachineVariant], of base: Machine, _ asked: [Int]
  ) throws -> [[Evaluation?]] {
    let points = asked.map { profiled[$0] }
    // The provenance of figures is the base's, whatever their values.
    let uncertainties = try FigureUncertainties(of: base)
    // Blocks of eight machines: large enough to outweigh the hand-over to a core, small enough to balance the load at
    // the end.
    let blocks = stride(from: 0, to: variants.count, by: 8).map { variants[$0..<min($0 + 8, variants.count)] }
    let results = try concurrentMap(Array(blocks)) { block in
      try block.map { variant in
        let corners = try MachineCorners(variant.machine, uncertainties: uncertainties)
        return try zip(asked, points).map { pair, points -> Evaluation? in
          guard let lookup = try points.lookup.projection(on: corners) else { return nil }
          return Evaluation(
            pair: pair, variant: variant, lookup: lookup, dense: try points.dense?.projection(on: corners))
        }
      }
    }.flatMap { $0 }
    for machine in results {
      for case let evaluation? in machine { evaluations += evaluation.denseLimiter == nil ? 1 : 2 }
    }
    return results
  }

  // MARK: - Against the exact simulation

  private func compared(_ count: Int) throws -> Check {
    let all = thresholds.flatMap(\.tried) + fronts.flatMap(\.tried)
    // Draws evenly from all machines tried.
    let drawn = (0..<min(count, all.count)).map { all[(2 * $0 + 1) * all.count / (2 * min(count, all.count))] }
    let errors = try concurrentMap(drawn) { [profiled] evaluation -> [(Double, String)] in
      let machine = evaluation.variant.machine
      let (lookup, dense) = profiled[evaluation.pair]
      return try [lookup, dense].compactMap { $0 }.compactMap { point in
        guard let predicted = try point.projection(on: try MachineCorners(machine)),
          let exact = try point.exactProjection(on: machine)
        else { return nil }
        let figures = evaluation.variant.figures.map { "\($0.figure.rawValue)=\($0.figure.text($0.value))" }
        return (
          predicted.tokensPerSecond / exact.tokensPerSecond - 1,
          "\(point.point.label) on \(evaluation.variant.base) with \(figures.joined(separator: " "))"
        )
      }
    }.flatMap { $0 }
    let worst = errors.max { abs($0.0) < abs($1.0) }
    return Check(
      machines: drawn.count, meanError: errors.reduce(0) { $0 + abs($1.0) } / Double(max(1, errors.count)),
      worstError: worst?.0 ?? 0, worst: worst?.1 ?? "")
  }
}

/// The machines for which no other has at least as much of the metric at no more of every figure, by rising metric.
/// Of machines that are equal in all of these, it keeps one.
func paretoFront(
  _ tried: [Exploration.Evaluation], _ metric: ExplorationMetric, _ figures: [MachineFigure]
) -> [Exploration.Evaluation] {
  // Costs rise with every figure, except that a lower latency costs more.
  func costs(_ evaluation: Exploration.Evaluation) -> [Double] {
    figures.map { (evaluation.variant.value($0) ?? .infinity) * ($0.moreIsCheaper ? -1 : 1) }
  }
  let machines = tried.compactMap { one in one.value(metric).map { (one: one, metric: $0.expected, costs: costs(one)) }
  }
  // The best come first, so that only machines already kept can dominate the next one.
  let order = machines.sorted {
    $0.metric != $1.metric ? $0.metric > $1.metric : $0.costs.lexicographicallyPrecedes($1.costs)
  }
  var front: [(one: Exploration.Evaluation, metric: Double, costs: [Double])] = []
  for machine in order where !front.contains(where: { zip($0.costs, machine.costs).allSatisfy { $0 <= $1 } }) {
    front.append(machine)
  }
  return front.reversed().map(\.one)
}

extension MachineVariant {
  fileprivate func others(than figure: MachineFigure) -> [(figure: MachineFigure, value: Double)] {
    figures.filter { $0.figure != figure }
  }
}

private func same(
  _ a: [(figure: MachineFigure, value: Double)], _ b: [(figure: MachineFigure, value: Double)]
) -> Bool {
  a.elementsEqual(b) { $0.figure == $1.figure && $0.value == $1.value }
}

extension Exploration.Threshold {
  fileprivate init(
    _ target: ExplorationTarget, _ figure: MachineFigure, _ metric: ExplorationMetric, _ threshold: Double, pair: Int,
    base: Machine, others: [(figure: MachineFigure, value: Double)], tried: [Exploration.Evaluation]
  ) {
    self.init(
      target: target, figure: figure, pair: pair, base: base, others: others, tried: tried, answer: nil, cautious: nil,
      holdsBeyond: false)
    var wantsLeast = true
    if case .greatest = target.question { wantsLeast = false }
    let order = wantsLeast ? tried : tried.reversed()
    func first(_ value: (ProjectedValue) -> Double) -> Int? {
      order.firstIndex { $0.value(metric).map { value($0) >= threshold } ?? false }
    }
    guard let index = first(\.expected) else { return }
    answer = order[index]
    cautious = first(\.low).map { order[$0] }
    holdsBeyond = order[index...].allSatisfy { ($0.value(metric)?.expected ?? 0) >= threshold }
  }
}

extension Exploration.Evaluation {
  fileprivate init(pair: Int, variant: MachineVariant, lookup: Projection, dense: Projection?) {
    func tokens(_ p: Projection) -> ProjectedValue { ProjectedValue(p.low, p.tokensPerSecond, p.high) }
    func socket(_ p: Projection) -> ProjectedValue {
      ProjectedValue(p.socket.low, p.socket.tokensPerSecond, p.socket.high)
    }
    self.init(
      pair: pair, variant: variant, tokensPerSecond: tokens(lookup), socketTokensPerSecond: socket(lookup),
      speedup: dense.map { tokens(lookup) / tokens($0) }, socketSpeedup: dense.map { socket(lookup) / socket($0) },
      limiter: lookup.limiter, denseLimiter: dense?.limiter)
  }
}

extension DispatchTime {
  fileprivate var secondsPassed: Double {
    Double(DispatchTime.now().uptimeNanoseconds - uptimeNanoseconds) / 1e9
  }
}
