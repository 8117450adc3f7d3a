import Foundation
import Kernels
import Plans
import RunStore

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
    text += movedBytesTable
    text += stageTable
    return text
  }

  /// Bytes that the algorithm names, those that the memory controllers counted, and those of the model, side by side; empty
  /// where no counter group tells about moved bytes. They differ by what caches keep, prefetch and write back.
  private var movedBytesTable: String {
    let moved = metrics.filter { $0.metric == Self.movedBytesMetric && $0.socket == nil }
    guard !moved.isEmpty else { return "" }
    var table = MarkdownTable([
      ("point", .left), ("algorithmic", .right), ("moved, counted", .right), ("moved, modelled", .right),
    ])
    for (pointID, rows) in grouped(moved, by: \.pointID) {
      guard let row = result(pointID) else { continue }
      let lines = stages.filter { $0.pointID == pointID }.compactMap(\.modelledMemoryLinesPerToken)
      table.append([
        label(pointID), row.algorithmicBytesPerToken.map(scaled), countedBytes(rows, tokens: row.tokens),
        lines.isEmpty ? nil : scaled(lines.reduce(0, +) * Self.lineBytes),
      ])
    }
    let groups = grouped(moved, by: \.group).map { markdownCode($0.key) }.joined(separator: " and ")
    return
      "Bytes per token by three accounts, never mixed: named by the algorithm; moved between caches and memory as counted by "
      + "\(groups) over all sockets (every process on them); moved as modelled for this host.\n\n" + table.text + "\n"
  }

  /// Groups count different channels, so that they add up; where one has no value, the sum has none.
  private func countedBytes(_ rows: [MetricRow], tokens: Int) -> String? {
    guard rows.allSatisfy({ $0.value != nil }) else { return nil }
    let launches = Double(Set(rows.map(\.launch)).count)
    let total = rows.compactMap(\.value).reduce(0, +) / launches / Double(tokens)
    return scaled(total) + rows.map(\.quality).worstMark
  }

  /// The name that every group of the topic memory gives to all bytes that it saw.
  private static let movedBytesMetric = "memory_bytes"
  /// stages.csv counts cache lines of the host, which have 64 bytes on every x86 and Neoverse server.
  private static let lineBytes = 64.0

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
    return "Stages of \(pair.map { markdownCode(label($0.pointID)) }.joined(separator: " and ")), per token:\n\n"
      + table.text
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
