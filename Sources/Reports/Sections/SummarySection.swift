import Kernels
import Plans
import RunStore

/// The summary of the run: counts, the best look-ups against dense, crossovers, warnings, throughput.
struct SummarySection: ReportSection {
  func section(of run: RunData) -> ReportDocument.Section? {
    var section = ReportDocument.Section("Summary")
    let counts = ResultStatus.allCases.map { status in
      "\(run.results.count { $0.status == status }) \(status.rawValue)"
    }
    let open = run.plan.points.count - run.results.count
    section.add(
      """
      \(counted(run.plan.points.count, "point")): \(counts.joined(separator: ", "))\(open > 0 ? ", \(open) not run yet" : "").
      """)
    let headline = headline(of: run)
    if !headline.isEmpty {
      section.add("Best lookup against best dense, by threads (ns/token, median [95 % interval]; measured):")
      section.add(headline)
      if let footnote = run.speedupFootnote(run.sweeps.flatMap(run.bestLookups)) { section.add(footnote) }
    }
    section.add(list: crossoverLines(of: run))
    section.blocks.append(.warnings(whenNone: "No warnings."))
    for sweep in run.sweeps {
      section.add(VariantPlot(sweep: sweep).plot(of: run) ?? ThroughputPlot(sweep: sweep).plot(of: run))
    }
    return section
  }

  private func headline(of run: RunData) -> ReportDocument.Table {
    var table = ReportDocument.Table([
      ("sweep", .left), ("threads", .right), ("tokens", .right), ("best lookup", .left), ("lookup ns/token", .right),
      ("dense ns/token", .right), ("speed-up", .right),
    ])
    for sweep in run.sweeps {
      for best in run.bestLookups(of: sweep) {
        table.append([
          .text(sweep), .count(best.threads), .count(best.tokens), .text(run.layerText(of: best)),
          best.nanosecondsPerTokenCell, run.baseline(of: best)?.nanosecondsPerTokenCell, run.speedupCell(of: best),
        ])
      }
    }
    return table
  }

  /// For each series with several table sizes, the size up to which the look-up is faster.
  private func crossoverLines(of run: RunData) -> [InlineText] {
    run.sweeps.flatMap { sweep in
      run.tableSeries(of: sweep).compactMap { series -> InlineText? in
        let verdicts = series.rows.compactMap { row -> (bytes: Int, ratio: Double)? in
          guard let size = row.tableBytes, let ratio = run.speedup(of: row)?.value else { return nil }
          return (size, ratio)
        }
        guard Set(verdicts.map(\.bytes)).count >= 2 else { return nil }
        return "Crossover, \(sweep), \(series.name): \(crossover(verdicts))"
      }
    }
  }
}

/// States where a series, ascending by size, stops being faster.
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
  /// The fastest look-up of a sweep for each number of threads and tokens, width and distribution of codes.
  func bestLookups(of sweep: String) -> [ResultRow] {
    let lookups = measured(in: sweep).filter(\.needsBaseline)
    let settings = grouped(lookups) {
      Setting(numbers: [$0.threads, $0.tokens, $0.hidden], codes: $0.text(Parameter.codes.name))
    }
    .sorted { $0.key.numbers.lexicographicallyPrecedes($1.key.numbers) }
    return settings.compactMap { $0.values.max { ($0.tokensPerSecond ?? 0) < ($1.tokensPerSecond ?? 0) } }
  }

  private struct Setting: Hashable {
    var numbers: [Int]
    var codes: String?
  }
}
