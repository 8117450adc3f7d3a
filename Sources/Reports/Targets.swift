import Kernels
import Plans
import RunStore

/// The kernels' targets on the published configuration, checked against a run that measured it.
///
/// Each is a ratio within the run, except for the published kernels, which are not part of it: their time is the one
/// that the user measured on the same machine, or that of a Zen 5 core, with which only a run on such a core is
/// compared.
public struct Targets {
  public struct Row {
    public var what: String
    /// Nil where the run lacks a point that the target needs.
    public var measured: Double?
    public var target: Double
    public var unit: String

    public var isMet: Bool? { measured.map { $0 >= target } }
  }

  public let rows: [Row]
  /// Batches of few tokens, which have no target.
  let smallBatches: [(what: String, nanosecondsPerToken: Double, bound: SmallBatchBound?)]

  /// The time of the published LookupFFN CPU kernels for T = 128, 256 rows, d = 512, BH4, fp32, 32,768 tokens, on one
  /// thread of a Zen 5 core, in ns per token (github.com/mlpen/LookupFFN).
  public static let publishedNanosecondsPerToken = 34_100.0

  /// AMD's family number of Zen 5 (CPUID), as in the run's facts.
  static let publishedFamily = (vendor: "AuthenticAMD", family: "26")

  /// Tokens of the published CPU benchmark: 64 sequences of 512.
  static let publishedTokens = 32_768

  /// `publishedNanosecondsPerToken` is the published kernels' time on the machine of the run, if it was measured.
  public init(_ directory: RunDirectory, publishedNanosecondsPerToken: Double? = nil) throws {
    self.init(try RunData(directory), publishedNanosecondsPerToken: publishedNanosecondsPerToken)
  }

  init(_ run: RunData, publishedNanosecondsPerToken given: Double? = nil) {
    func lookup(_ type: ElementType, projection: HashType = .fp32, threads: Int) -> ResultRow? {
      run.measured.first {
        $0.int(Parameter.tables.name) == 128 && $0.int(Parameter.tableRows.name) == 256
          && $0.text(Parameter.projection.name) == LookupFFNShape.Hash.bh4.rawValue && $0.hidden == 512
          && $0.dtype == type
          && $0.text(Parameter.projectionDtype.name) ?? HashType.fp32.rawValue == projection.rawValue
          && $0.threads == threads && $0.tokens == Targets.publishedTokens
      }
    }
    let most = run.measured.map(\.threads).max() ?? 1
    let fp32 = lookup(.fp32, threads: 1)
    let dense = fp32.flatMap { run.baseline(of: $0) }
    func ratio(_ numerator: Double?, _ denominator: Double?) -> Double? {
      guard let numerator, let denominator, denominator > 0 else { return nil }
      return numerator / denominator
    }
    let time = fp32?.nanosecondsPerToken
    let isPublishedFamily =
      run.fact("cpu_vendor") == Targets.publishedFamily.vendor
      && run.fact("cpu_family") == Targets.publishedFamily.family
    var rows = [
      Row(
        what: "LookupFFN fp32, 1 thread, over the published kernels' "
          + (given.map { "\(significant($0 / 1000)) us/token, as given" } ?? "34.1 us/token (on Zen 5 only)"),
        measured: ratio(given ?? (isPublishedFamily ? Targets.publishedNanosecondsPerToken : nil), time), target: 7,
        unit: "x"),
      Row(
        what: "LookupFFN fp32 over the best dense fp32, 1 thread", measured: ratio(dense?.nanosecondsPerToken, time),
        target: 4, unit: "x"),
      Row(
        what: "LookupFFN fp32, share of its roofline bound", measured: ratio(fp32.flatMap { run.bound(of: $0) }, time),
        target: 0.7, unit: ""),
    ]
    if most > 1 {
      rows.append(
        Row(
          what: "LookupFFN fp32, \(most) threads over 1",
          measured: ratio(time, lookup(.fp32, threads: most)?.nanosecondsPerToken), target: 0.9 * Double(most),
          unit: "x")
      )
    }
    // Both tables and hash projection in bf16, where the run has that point.
    let both = lookup(.bf16, projection: .bf16, threads: 1)
    let bf16 = both ?? lookup(.bf16, threads: 1)
    let denseBF16 = bf16.flatMap { run.baseline(of: $0) }.flatMap { $0.dtype == .bf16 ? $0 : nil }
    rows.append(
      Row(
        what: "bf16 look-up over best dense bf16, 1 thread (\(both == nil ? "fp32" : "bf16") projection)",
        measured: ratio(denseBF16?.nanosecondsPerToken, bf16?.nanosecondsPerToken), target: 2.5, unit: "x"))
    for type in [ElementType.bf16, .int8] {
      guard let row = lookup(type, threads: 1) else { continue }
      // The gain of narrower tables over fp32 ones, which has no target.
      rows.append(
        Row(
          what: "\(type.rawValue) tables over fp32 tables, 1 thread", measured: ratio(time, row.nanosecondsPerToken),
          target: 1, unit: "x"))
    }
    if let both {
      rows.append(
        Row(
          what: "bf16 tables and projection over fp32, 1 thread", measured: ratio(time, both.nanosecondsPerToken),
          target: 1, unit: "x"))
    }
    self.rows = rows
    smallBatches = run.measured.filter { $0.tokens <= 64 && $0.threads == 1 }.compactMap { row in
      row.nanosecondsPerToken.map { time in
        (run.label(row.pointID), time, run.smallBatchBound(of: row))
      }
    }
  }

  /// The table as Markdown, which a terminal shows as well.
  public var markdown: String {
    var table = ReportDocument.Table([("what", .left), ("measured", .right), ("target", .right), ("", .left)])
    for row in rows {
      table.append([
        .text(row.what), .number(row.measured) { "\(significant($0))\(row.unit)" },
        .number(row.target) { "\(significant($0))\(row.unit)" },
        .text(row.isMet.map { $0 ? "met" : "missed" } ?? "not measured"),
      ])
    }
    guard !smallBatches.isEmpty else { return MarkdownWriter().text([table]) }
    var small = ReportDocument.Table([
      ("small batch", .left), ("ns/token", .right), ("bound ns/token", .right), ("of its bound", .right),
      ("most of the bound", .left),
    ])
    for batch in smallBatches {
      small.append([
        .text(batch.what), .significant(batch.nanosecondsPerToken), .significant(batch.bound?.nanosecondsPerToken),
        .percent(batch.bound.map { $0.nanosecondsPerToken / batch.nanosecondsPerToken }), .text(batch.bound?.resource),
      ])
    }
    return MarkdownWriter().text([table, small])
  }
}
