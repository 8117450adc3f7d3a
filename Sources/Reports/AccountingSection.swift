import Experiments
import Foundation

extension RunData {
  /// What each kernel asks for, counted from the algorithm: nothing here is measured.
  var accountingSection: String {
    var text =
      "## Accounting\n\nCounted from the algorithm, per token; bytes are those the algorithm names, not those moved.\n\n"
    var table = MarkdownTable([
      ("kernel", .left), ("shape", .left), ("FLOP", .right), ("algorithmic bytes", .right), ("table bytes", .right),
      ("dense FLOP / lookup FLOP", .right),
    ])
    for (_, rows) in grouped(measured, by: { [$0.kernel.rawValue, $0.shapeText, $0.projection?.rawValue ?? ""] }) {
      guard let row = rows.first, row.flopPerToken != nil || row.algorithmicBytesPerToken != nil else { continue }
      let rival = row.kernel == .lookup ? baseline(of: row)?.flopPerToken : nil
      let tableBytes = stages.filter { $0.pointID == row.pointID }.compactMap(\.tableBytesPerToken)
      table.append([
        row.kernel.rawValue, row.shapeText, row.flopPerToken.map(scaled), row.algorithmicBytesPerToken.map(scaled),
        tableBytes.isEmpty ? nil : scaled(tableBytes.reduce(0, +)),
        rival.flatMap { rival in row.flopPerToken.map { times(rival / $0) } },
      ])
    }
    guard !table.isEmpty else { return text + "No point stated its FLOPs or bytes.\n\n" }
    text += table.text + "\n"
    text += stageTable
    return text
  }

  /// Stages of the headline points; the rest are in stages.csv.
  private var stageTable: String {
    let pair = headlinePair
    let rows = stages.filter { stage in pair.contains { $0.pointID == stage.pointID } }
    guard !rows.isEmpty else { return "" }
    var table = MarkdownTable([
      ("kernel", .left), ("stage", .left), ("FLOP", .right), ("algorithmic bytes", .right), ("table bytes", .right),
      ("modelled L2 lines", .right), ("modelled L3 lines", .right), ("modelled memory lines", .right),
      ("modelled ns", .right), ("measured ns", .right),
    ])
    for row in rows {
      table.append([
        result(row.pointID)?.kernel.rawValue, row.stage, row.flopPerToken.map(scaled),
        row.algorithmicBytesPerToken.map(scaled), row.tableBytesPerToken.map(scaled),
        row.modelledL2LinesPerToken.map { significant($0) }, row.modelledL3LinesPerToken.map { significant($0) },
        row.modelledMemoryLinesPerToken.map { significant($0) },
        row.modelledNanosecondsPerToken.map { significant($0) },
        row.measuredNanosecondsPerToken.map { significant($0) },
      ])
    }
    return "Stages of \(pair.map { "`\(label($0.pointID))`" }.joined(separator: " and ")), per token:\n\n" + table.text
      + "\n"
  }

  /// The pair that single plots show: of the experiment's first sweep with look-ups, the point nearest to the published
  /// tables on the most threads, and its baseline. A fixed choice, so that the plots of two runs show the same thing.
  var headlinePair: [ResultRow] {
    guard let sweep = sweeps.first(where: { sweep in measured(in: sweep).contains { $0.kernel == .lookup } }) else {
      return []
    }
    let lookups = measured(in: sweep).filter { $0.kernel == .lookup }
    let most = lookups.map(\.threads).max()
    let nearest = lookups.filter { $0.threads == most }.min { distanceToPublished($0) < distanceToPublished($1) }
    guard let nearest else { return [] }
    return [nearest] + (baseline(of: nearest).map { [$0] } ?? [])
  }

  /// In octaves of rows: the published tables have 256 (arXiv 2403.07221, section 4).
  private func distanceToPublished(_ row: ResultRow) -> Double {
    abs(log2(Double(row.tableRows ?? 1) / 256))
  }
}
