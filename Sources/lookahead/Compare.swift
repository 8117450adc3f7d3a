import ArgumentParser
import Foundation
import Reports
import RunStore
import Studies
import Support

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare two runs point by point: same, faster, slower, ambiguous or incomparable.",
    discussion: """
      Points are matched by their parameters. A side may select some: RUN_DIR:dtype=bf16 takes the points of that \
      type, and parameters that a side selects by need not match, so that two parts of one run can be compared. \
      RUN_DIR:kernel=dense against RUN_DIR:kernel=lookup judges each look-up against its dense baseline. A directory \
      of run directories counts as all of them, each one more launch, so that two builds can be run in turns. A \
      change counts when it exceeds the threshold and the scatter of both samples and processes \
      (docs/reference/methods.md, "Comparisons"). Exit code 2 where B is slower at any point.
      """)

  @Argument(help: "The run to compare with: RUN_DIR, or RUN_DIR:parameter=value,…")
  var a: String

  @Argument(help: "The run that is judged.")
  var b: String

  @Option(help: "The smallest change that matters, such as 2% or 0.02.")
  var threshold = "2%"

  @Option(
    name: .customLong("accept"),
    help: "A condition that may differ between the two, such as kernel_version or kernel; may be repeated.")
  var accepted: [String] = []

  @Option(help: "A directory for comparison.md and comparison.csv.")
  var output: String?

  @Flag(help: "Print CSV instead of Markdown.")
  var csv = false

  @Flag(help: "Print one JSON document instead of Markdown.")
  var json = false

  func run() throws {
    let threshold = try fraction(threshold)
    let study = try output.map { try StudyDirectory($0, for: .comparison) }
    let (sideA, sideB) = (try ComparisonSide(a), try ComparisonSide(b))
    var warned: Set<String> = []
    for warning in sideA.warnings + sideB.warnings where warned.insert(warning).inserted {
      printMessage("warning: \(warning)")
    }
    let comparison = try Comparison(sideA, sideB, threshold: threshold, accepting: accepted)
    let report = ComparisonReport(comparison)
    if let study { try report.write(to: study) }
    if json {
      try printJSON(ComparisonDocument(comparison))
    } else {
      printDocument(csv ? report.csv : report.markdown)
    }
    if comparison.hasRegression { throw ExitStatus.regressionFound.code }
    if comparison.points.allSatisfy({ $0.verdict == .incomparable }) { throw NothingComparable() }
  }

  private func fraction(_ text: String) throws -> Double {
    let isPercent = text.hasSuffix("%")
    let number = parseNumber(text.dropLast(isPercent ? 1 : 0).trimmingCharacters(in: .whitespaces))
    guard let value = number.map({ isPercent ? $0 / 100 : $0 }), (0..<1).contains(value) else {
      throw InputError(key: "--threshold", "expected a share below 100 %, such as 2% or 0.02, found \(quote(text))")
    }
    return value
  }
}

struct NothingComparable: Error, CustomStringConvertible {
  let description = "no point could be compared; --accept NAME ignores a difference of conditions"
}

/// The JSON document; changes are fractions: 0.1 is 10 % more time.
private struct ComparisonDocument: Encodable {
  struct Entry: Encodable {
    var comparison: PointComparison

    enum CodingKeys: String, CodingKey {
      case point, label, sweep, verdict, reason, change
      case timeA = "a_ns_per_token"
      case timeB = "b_ns_per_token"
      case low = "change_low"
      case high = "change_high"
      case pValue = "p_value"
      case adjusted = "adjusted_p_value"
      case cliffsDelta = "cliffs_delta"
      case launchesA = "a_launches"
      case launchesB = "b_launches"
      case samplesA = "a_samples"
      case samplesB = "b_samples"
    }

    func encode(to encoder: Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(comparison.pointID, forKey: .point)
      try container.encode(comparison.label, forKey: .label)
      try container.encode(comparison.sweep, forKey: .sweep)
      try container.encode(comparison.verdict, forKey: .verdict)
      try container.encode(comparison.reason, forKey: .reason)
      try container.encode(comparison.nanosecondsPerTokenA, forKey: .timeA)
      try container.encode(comparison.nanosecondsPerTokenB, forKey: .timeB)
      try container.encode(comparison.change, forKey: .change)
      try container.encode(comparison.changeLow, forKey: .low)
      try container.encode(comparison.changeHigh, forKey: .high)
      try container.encode(comparison.pValue, forKey: .pValue)
      try container.encode(comparison.adjustedPValue, forKey: .adjusted)
      try container.encode(comparison.cliffsDelta, forKey: .cliffsDelta)
      try container.encode(comparison.launchesA, forKey: .launchesA)
      try container.encode(comparison.launchesB, forKey: .launchesB)
      try container.encode(comparison.samplesA, forKey: .samplesA)
      try container.encode(comparison.samplesB, forKey: .samplesB)
    }
  }

  var a: String
  var b: String
  var threshold: Double
  var counts: [String: Int]
  var points: [Entry]
  var onlyInA: [String]
  var onlyInB: [String]
  var accepted: [String]

  enum CodingKeys: String, CodingKey {
    case a, b, threshold, counts, points, accepted
    case onlyInA = "only_in_a"
    case onlyInB = "only_in_b"
  }

  init(_ comparison: Comparison) {
    a = comparison.nameA
    b = comparison.nameB
    threshold = comparison.threshold
    counts = Dictionary(
      Verdict.allCases.map { ($0.rawValue, comparison.count($0)) }, uniquingKeysWith: { first, _ in first })
    points = comparison.points.map(Entry.init)
    onlyInA = comparison.onlyInA
    onlyInB = comparison.onlyInB
    accepted = comparison.accepted
  }
}
