import Foundation
import Kernels
import Plans
import RunStore
import Statistics
import Support

/// Compares two runs, or two parts of runs, point by point.
///
/// A point counts as changed when two hypotheses can both be rejected: that its samples come from one distribution
/// (Mann-Whitney over nearly independent blocks of samples), and that its processes differ only as much as processes do anyway
/// (a t-test over launches, with the variance moderated by the whole grid). The larger p-value is adjusted for the number of
/// points (Benjamini-Hochberg), and the change must exceed a threshold that a person chose.
public struct Comparison: Sendable {
  /// Confidence intervals cover 1 - 0.05, and the false discovery rate is at most 0.05.
  public static let level = 0.05

  public let nameA: String
  public let nameB: String
  /// The smallest change that matters, as a fraction.
  public let threshold: Double
  /// One entry for each matched point, in the order of A.
  public let points: [PointComparison]
  /// Labels of points without a counterpart.
  public let onlyInA: [String]
  public let onlyInB: [String]
  /// Differences of conditions that were accepted, each once.
  public let accepted: [String]

  /// Matches points by all parameters except those that either side selects by. Where one side has baselines only and
  /// the other only points with a baseline, each of these is matched with its `Matchup`. `accepting` names conditions
  /// that may differ.
  ///
  /// Throws `InputError` where nothing matches, where one point matches several, and for a name that is no condition.
  public init(_ a: ComparisonSide, _ b: ComparisonSide, threshold: Double, accepting: [String] = []) throws {
    for name in accepting where !Conditions.names.contains(name) {
      let hint = nearestName(to: name, among: Conditions.names).map { "; did you mean '\($0)'?" } ?? ""
      throw InputError(
        key: "--accept", "expected one of \(Conditions.names.joined(separator: ", ")), found '\(name)'\(hint)")
    }
    nameA = a.name
    nameB = b.name
    self.threshold = threshold
    let pairing = try Self.matchups(a, b) ?? Self.byParameters(a, b)
    (onlyInA, onlyInB) = (pairing.onlyInA, pairing.onlyInB)
    let matches = pairing.matches
    guard !matches.isEmpty else {
      throw InputError(file: b.name, "expected points with the parameters of those in \(a.name), found none")
    }

    var tolerated: [String] = []
    let exclusions = matches.map { match -> String? in
      guard let first = match.a.result, let second = match.b.result else { return "not measured on both sides" }
      for (name, row) in [("A", first), ("B", second)] where row.status != .passed {
        return "\(name) \(row.status.rawValue): \(row.reason ?? "no reason given")"
      }
      guard !match.a.launches.isEmpty, !match.b.launches.isEmpty else { return "no samples on one side" }
      // Different networks use different libraries, or none.
      let differences = Conditions.differences(a, b, first, second).filter { match.matchup == nil || $0.name != "blas" }
      for difference in differences where accepting.contains(difference.name) && !tolerated.contains(difference.text) {
        tolerated.append(difference.text)
      }
      let unaccepted = differences.filter { !accepting.contains($0.name) }
      return unaccepted.isEmpty ? nil : unaccepted.map(\.text).joined(separator: "; ")
    }
    accepted = tolerated

    let comparable = matches.indices.filter { exclusions[$0] == nil }
    // Equal samples on both sides are one measurement, which says nothing about the spread between two.
    let spread = ProcessSpread(
      comparable.filter { !matches[$0].isSame }.map { (matches[$0].launchMedians(\.a), matches[$0].launchMedians(\.b)) }
    )
    let tests = comparable.map { matches[$0].test(spread) }
    let adjusted = benjaminiHochberg(tests.map(\.pValue))
    var points = zip(matches, exclusions).map { match, exclusion in match.incomparable(exclusion ?? "") }
    for (place, index) in comparable.enumerated() {
      points[index].judge(tests[place], adjusted: adjusted[place], threshold: threshold)
    }
    self.points = points
  }

  private struct Pairing {
    var matches: [Match] = []
    /// Labels of points without a counterpart.
    var onlyInA: [String] = []
    var onlyInB: [String] = []
  }

  private static func byParameters(_ a: ComparisonSide, _ b: ComparisonSide) throws -> Pairing {
    let ignored = Set(a.selection.keys).union(b.selection.keys)
    let (left, right) = (try byKey(a, ignored), try byKey(b, ignored))
    let rights = Dictionary(right.map { ($0.key, $0.entry) }, uniquingKeysWith: { first, _ in first })
    let lefts = Set(left.map(\.key))
    return Pairing(
      matches: left.compactMap { item in rights[item.key].map { Match(a: item.entry, b: $0) } },
      onlyInA: left.filter { rights[$0.key] == nil }.map(\.entry.point.label),
      onlyInB: right.filter { !lefts.contains($0.key) }.map(\.entry.point.label))
  }

  /// Nil unless one side has baselines only and the other only points with a baseline.
  private static func matchups(_ a: ComparisonSide, _ b: ComparisonSide) -> Pairing? {
    func areAll(_ side: ComparisonSide, _ role: (Point) -> Bool) -> Bool { side.entries.allSatisfy { role($0.point) } }
    let baselineIsA = areAll(a, \.isBaseline) && areAll(b, \.needsBaseline)
    guard baselineIsA || areAll(b, \.isBaseline) && areAll(a, \.needsBaseline) else { return nil }
    let (baselines, others) = baselineIsA ? (a.entries, b.entries) : (b.entries, a.entries)
    let rows = baselines.compactMap(\.result).filter { $0.status == .passed }
    let byID = Dictionary(baselines.map { ($0.point.id, $0) }, uniquingKeysWith: { first, _ in first })
    var matches: [Match] = []
    var unmatched: [String] = []
    for entry in others {
      guard let matchup = entry.result.flatMap({ Matchup(of: $0, among: rows) }),
        let baseline = byID[matchup.baseline.pointID]
      else {
        unmatched.append(entry.point.label)
        continue
      }
      matches.append(
        Match(
          a: baselineIsA ? baseline : entry, b: baselineIsA ? entry : baseline, matchup: matchup.reason,
          labelled: entry.point, label: "\(entry.point.label) against \(baseline.point.label)"))
    }
    let used = Set(matches.map { (baselineIsA ? $0.a : $0.b).point.id })
    let unused = baselines.filter { !used.contains($0.point.id) }.map(\.point.label)
    return Pairing(
      matches: matches, onlyInA: baselineIsA ? unused : unmatched, onlyInB: baselineIsA ? unmatched : unused)
  }

  private static func byKey(
    _ side: ComparisonSide, _ ignored: Set<Parameter>
  ) throws -> [(key: String, entry: ComparisonSide.Entry)] {
    var known: [String: String] = [:]
    return try side.entries.map { entry in
      let key = entry.point.key(ignoring: ignored)
      if let equivalent = known.updateValue(entry.point.label, forKey: key) {
        throw InputError(
          file: side.name,
          "'\(equivalent)' and '\(entry.point.label)' are alike for this comparison; select one with :parameter=value")
      }
      return (key, entry)
    }
  }

  public func count(_ verdict: Verdict) -> Int { points.filter { $0.verdict == verdict }.count }
  public var hasRegression: Bool { points.contains { $0.verdict == .slower } }

  /// The test's result for one point, over logarithms of times.
  struct Test {
    var shift: Double
    var interval: ClosedRange<Double>?
    var pValue: Double
    var cliffsDelta: Double
    /// Why there is no interval.
    var shortage: String?
  }

  /// Two points with the same parameters, or a point and its baseline.
  private struct Match {
    var a: ComparisonSide.Entry
    var b: ComparisonSide.Entry
    /// Why this baseline was chosen; nil for points with the same parameters.
    var matchup: String?
    /// The point whose id and label the comparison shows.
    var labelled: Point
    var label: String

    init(a: ComparisonSide.Entry, b: ComparisonSide.Entry) {
      self.init(a: a, b: b, matchup: nil, labelled: a.point, label: a.point.label)
    }

    init(
      a: ComparisonSide.Entry, b: ComparisonSide.Entry, matchup: String?, labelled: Point, label: String
    ) {
      self.a = a
      self.b = b
      self.matchup = matchup
      self.labelled = labelled
      self.label = label
    }

    /// The widest interval worth reporting, as a logarithm: a hundredth to a hundredfold (e^4.6).
    private static let widest = 4.6

    func launchMedians(_ side: KeyPath<Match, ComparisonSide.Entry>) -> [Double] {
      self[keyPath: side].launches.map { quantile($0.map(log).sorted(), 0.5) }
    }

    private func blocks(_ side: KeyPath<Match, ComparisonSide.Entry>) -> [Double] {
      let launches = self[keyPath: side].launches
      // All pairs of blocks are compared, so a few hundred blocks in all are the limit.
      return launches.flatMap { blockMedians($0.map(log), most: max(1, 200 / launches.count)) }
    }

    /// Whether both sides hold the same samples, for instance when a run is compared with itself or a copy.
    var isSame: Bool { a.launches == b.launches }

    func test(_ spread: ProcessSpread?) -> Test {
      // Holds by construction, whatever the number of samples and their scatter.
      if isSame { return Test(shift: 0, interval: 0...0, pValue: 1, cliffsDelta: 0) }
      let (x, y) = (blocks(\.b), blocks(\.a))
      guard let ranks = MannWhitney(x, y), let estimate = HodgesLehmann(x, y) else {
        return Test(shift: 0, pValue: 1, cliffsDelta: 0, shortage: "no samples on one side")
      }
      var test = Test(shift: estimate.shift, pValue: ranks.pValue, cliffsDelta: ranks.cliffsDelta)
      guard let (pValue, halfWidth) = spread?.judge(launchMedians(\.a), launchMedians(\.b)) else {
        test.pValue = 1
        test.shortage = "one process a side on too few points, so the variance between processes is unknown"
        return test
      }
      test.pValue = max(test.pValue, pValue)
      guard let within = estimate.interval, halfWidth < Self.widest else {
        test.shortage = "too few independent samples or processes for a 95 % interval"
        return test
      }
      // Takes the wider one, since samples scatter within processes, and processes among themselves.
      test.interval =
        min(within.lowerBound, estimate.shift - halfWidth)...max(within.upperBound, estimate.shift + halfWidth)
      return test
    }

    func incomparable(_ reason: String) -> PointComparison {
      func median(_ entry: ComparisonSide.Entry) -> Double? {
        let samples = entry.launches.joined().sorted()
        return samples.isEmpty || entry.result?.status != .passed ? nil : quantile(samples, 0.5)
      }
      func count(_ entry: ComparisonSide.Entry) -> Int { entry.launches.reduce(0) { $0 + $1.count } }
      return PointComparison(
        pointID: labelled.id, label: label, sweep: labelled.sweep, nanosecondsPerTokenA: median(a),
        nanosecondsPerTokenB: median(b), launchesA: a.launches.count, launchesB: b.launches.count, samplesA: count(a),
        samplesB: count(b), verdict: .incomparable, reason: reason, matchup: matchup)
    }
  }
}

extension PointComparison {
  fileprivate mutating func judge(_ test: Comparison.Test, adjusted: Double, threshold: Double) {
    change = exp(test.shift) - 1
    changeLow = test.interval.map { exp($0.lowerBound) - 1 }
    changeHigh = test.interval.map { exp($0.upperBound) - 1 }
    pValue = test.pValue
    adjustedPValue = adjusted
    cliffsDelta = test.cliffsDelta
    reason = nil
    // Symmetric in A and B: 2 % slower one way is 2 % faster the other way.
    let limit = log(1 + threshold)
    let isSignificant = adjusted <= Comparison.level
    guard let interval = test.interval else {
      (verdict, reason) = (.ambiguous, test.shortage)
      return
    }
    if isSignificant, abs(test.shift) > limit {
      verdict = test.shift > 0 ? .slower : .faster
    } else if -limit <= interval.lowerBound, interval.upperBound <= limit {
      verdict = .same
    } else {
      verdict = .ambiguous
      reason =
        isSignificant
        ? "differs, but not surely by more than the threshold" : "the interval reaches beyond the threshold"
    }
  }
}
