import Kernels
import Profiler
import RunStore
import Studies

/// Every measured point, by sweep, and the baseline of each look-up.
struct ResultsSection: ReportSection {
  func section(of run: RunData) -> ReportDocument.Section? {
    var section = ReportDocument.Section("Results")
    for sweep in run.sweeps {
      let rows = run.measured(in: sweep)
      var part = ReportDocument.Section("Sweep \(code: sweep)")
      if rows.isEmpty {
        part.add("No point of this sweep has been measured.")
      } else {
        part.add(table(rows, of: run))
        if let footnote = run.speedupFootnote(rows) { part.add(footnote) }
        let matchups = run.matchupLines(rows)
        if !matchups.isEmpty {
          part.add("Baselines of the speed-ups:")
          part.add(list: matchups)
        }
      }
      section.add(part)
    }
    return section
  }

  private func table(_ rows: [ResultRow], of run: RunData) -> ReportDocument.Table {
    var table = ReportDocument.Table([
      ("kernel", .left), ("shape", .left), ("tokens", .right), ("threads", .right), ("strategy", .left),
      ("placement", .left), ("ns/token [95 % CI]", .right), ("n", .right), ("tokens/s", .right), ("GFLOP/s", .right),
      ("of FMA peak", .right), ("speed-up over dense", .right),
    ])
    for row in rows {
      table.append([
        .text(row.kernel.rawValue), .text(run.layerText(of: row)), .count(row.tokens), .count(row.threads),
        .text(row.isBaseline ? row.blas : row.strategyText), .text(row.placementText), row.nanosecondsPerTokenCell,
        .count(row.n), .scaled(row.tokensPerSecond), .significant(row.gigaflopPerSecond),
        .percent(row.fractionOfFMAPeak), run.speedupCell(of: row),
      ])
    }
    return table
  }
}

extension ResultRow.Common {
  /// The requested placement and, in brackets, the actual one: `compact (0,1) interleave (0:256,1:256) thp`.
  var placementText: String {
    [
      cpus, verifiedCPUs.map { "(\($0))" }, memoryPolicy, pagesPerNode.map { "(\($0))" }, pageKind?.rawValue,
    ].compactMap { $0 }.joined(separator: " ")
  }

  /// Nanoseconds per token, with the interval of the pass divided by its tokens.
  var nanosecondsPerTokenCell: ReportDocument.Cell? {
    .interval(
      nanosecondsPerToken, ci95LowNanoseconds.map { $0 / Double(tokens) },
      ci95HighNanoseconds.map { $0 / Double(tokens) })
  }
}
