import Kernels
import Plans
import RunStore

extension RunData {
  func summarySection(warnings: [String]) -> String {
    var text = "## Summary\n\n"
    let counts = ResultStatus.allCases.map { status in
      "\(results.filter { $0.status == status }.count) \(status.rawValue)"
    }
    let open = plan.points.count - results.count
    text += "\(counted(plan.points.count, "point")): \(counts.joined(separator: ", "))"
    text += open > 0 ? ", \(open) not run yet.\n\n" : ".\n\n"
    let headline = headlineTable
    if !headline.isEmpty {
      text += "Best lookup against best dense, by threads (ns/token, median [95 % interval]; measured):\n\n"
      text += headline.text + "\n" + speedupFootnote(sweeps.flatMap(bestLookups))
    }
    let crossovers = crossoverLines
    if !crossovers.isEmpty { text += crossovers.map { "- \($0)\n" }.joined() + "\n" }
    if warnings.isEmpty {
      text += "No warnings.\n\n"
    } else {
      text += "Warnings:\n\n" + warnings.map { "- \($0)\n" }.joined() + "\n"
    }
    return text
  }

  private var headlineTable: MarkdownTable {
    var table = MarkdownTable([
      ("sweep", .left), ("threads", .right), ("tokens", .right), ("best lookup", .left), ("lookup ns/token", .right),
      ("dense ns/token", .right), ("speed-up", .right),
    ])
    for sweep in sweeps {
      for best in bestLookups(of: sweep) {
        let dense = baseline(of: best)
        table.append([
          sweep, "\(best.threads)", "\(best.tokens)", layerText(of: best), best.nanosecondsPerTokenText,
          dense?.nanosecondsPerTokenText, speedupText(of: best),
        ])
      }
    }
    return table
  }

  /// The fastest lookup of a sweep for each number of threads and tokens, width and distribution of codes.
  func bestLookups(of sweep: String) -> [ResultRow] {
    let lookups = measured(in: sweep).filter { $0.kernel == .lookup }
    let settings = grouped(lookups) { Setting(numbers: [$0.threads, $0.tokens, $0.hidden], codes: $0.codes) }
      .sorted { $0.key.numbers.lexicographicallyPrecedes($1.key.numbers) }
    return settings.compactMap { $0.values.max { ($0.tokensPerSecond ?? 0) < ($1.tokensPerSecond ?? 0) } }
  }

  private struct Setting: Hashable {
    var numbers: [Int]
    var codes: CodeSource?
  }

  /// For each series with several table sizes: up to which size the lookup wins.
  private var crossoverLines: [String] {
    sweeps.flatMap { sweep in
      tableSeries(of: sweep).compactMap { series -> String? in
        let verdicts = series.rows.compactMap { row -> (bytes: Int, ratio: Double)? in
          guard let size = row.tableBytes, let ratio = speedup(of: row)?.value else { return nil }
          return (size, ratio)
        }
        guard Set(verdicts.map(\.bytes)).count >= 2 else { return nil }
        return "Crossover, \(markdownText("\(sweep), \(series.name)")): \(crossover(verdicts))"
      }
    }
  }
}

/// Says where a series, ascending by size, stops winning.
func crossover(_ verdicts: [(bytes: Int, ratio: Double)]) -> String {
  guard let last = verdicts.lastIndex(where: { $0.ratio >= 1 }) else {
    return "lookup is slower than dense at every table size measured."
  }
  let lost = verdicts[..<last].contains { $0.ratio < 1 } ? " (with losses at smaller sizes)" : ""
  guard last + 1 < verdicts.count else {
    return "lookup is faster than dense up to the largest tables measured, \(bytes(verdicts[last].bytes))\(lost)."
  }
  return
    "lookup stops winning between \(bytes(verdicts[last].bytes)) and \(bytes(verdicts[last + 1].bytes)) of tables\(lost)."
}

extension RunData {
  /// The dimensions, and what else tells a layer's points apart: a name, and codes that are not uniform.
  func layerText(of row: ResultRow) -> String {
    let codes = row.codes == .uniform ? nil : row.codes?.rawValue
    return [row.shapeText, point(row.pointID)?.variant, codes].compactMap { $0 }.joined(separator: " ")
  }
}

extension ResultRow {
  /// The dimensions that the kernel depends on.
  var shapeText: String {
    switch kernel {
    case .dense:
      return "d=\(hidden) ff=\(intermediate.map(String.init) ?? "–")" + (dtype == .fp32 ? "" : " \(dtype.rawValue)")
    case .lookup:
      let projection = projectionDtype == .bf16 ? ", bf16 projection" : ""
      return "T=\(tables.map(String.init) ?? "–") rows=\(tableRows.map(String.init) ?? "–")"
        + (tableBytes.map { " (\(bytes($0))\(dtype == .fp32 ? "" : " \(dtype.rawValue)"))" } ?? "") + projection
    }
  }
}
