import Plans
import Profiler
import RunStore

extension ResultRow {
  /// What was asked for, and in brackets what was found: `compact (0,1) interleave (0:256,1:256) thp`.
  var placementText: String {
    [
      cpus, verifiedCPUs.map { "(\($0))" }, memoryPolicy, pagesPerNode.map { "(\($0))" }, pageKind?.rawValue,
    ].compactMap { $0 }.joined(separator: " ")
  }
}

extension RunData {
  var resultsSection: String {
    var text = "## Results\n\n"
    for sweep in sweeps {
      let rows = measured(in: sweep)
      text += "### Sweep \(markdownCode(sweep))\n\n"
      guard !rows.isEmpty else {
        text += "No point of this sweep has been measured.\n\n"
        continue
      }
      text += resultsTable(rows).text + "\n" + speedupFootnote(rows)
    }
    return text
  }

  private func resultsTable(_ rows: [ResultRow]) -> MarkdownTable {
    var table = MarkdownTable([
      ("kernel", .left), ("shape", .left), ("tokens", .right), ("threads", .right), ("strategy", .left),
      ("placement", .left), ("ns/token [95 % CI]", .right), ("n", .right), ("tokens/s", .right), ("GFLOP/s", .right),
      ("of FMA peak", .right), ("speed-up over dense", .right),
    ])
    for row in rows {
      table.append([
        row.kernel.rawValue, layerText(of: row), "\(row.tokens)", "\(row.threads)",
        row.kernel == .lookup ? row.strategyText : row.blas,
        row.placementText,
        row.nanosecondsPerTokenText, row.n.map(String.init), row.tokensPerSecond.map(scaled),
        row.gigaflopPerSecond.map { significant($0) }, row.fractionOfFMAPeak.map { percent($0) },
        speedupText(of: row),
      ])
    }
    return table
  }
}
