import Kernels
import RunStore

/// FLOPs and bytes of each network, counted from the algorithm; only the columns that say so are measured.
struct AccountingSection: ReportSection {
  func section(of run: RunData) -> ReportDocument.Section? {
    var section = ReportDocument.Section("Accounting")
    section.add("Counted from the algorithm, per token; bytes are those the algorithm names, not those moved.")
    var table = ReportDocument.Table([
      ("kernel", .left), ("shape", .left), ("FLOP", .right), ("algorithmic bytes", .right), ("table bytes", .right),
      ("dense FLOP / lookup FLOP", .right),
    ])
    for (_, rows) in grouped(
      run.measured, by: { [$0.kernel.rawValue, $0.shapeText, $0.text(Parameter.projection.name) ?? ""] })
    {
      guard let row = rows.first, row.flopPerToken != nil || row.algorithmicBytesPerToken != nil else { continue }
      let baseline = run.baseline(of: row)?.flopPerToken
      let tableBytes = run.stages.filter { $0.pointID == row.pointID }.compactMap(\.tableBytesPerToken)
      table.append([
        .text(row.kernel.rawValue), .text(row.shapeText), .scaled(row.flopPerToken),
        .scaled(row.algorithmicBytesPerToken), .scaled(tableBytes.isEmpty ? nil : tableBytes.reduce(0, +)),
        .times(baseline.flatMap { baseline in row.flopPerToken.map { baseline / $0 } }),
      ])
    }
    guard !table.isEmpty else {
      section.add("No point stated its FLOPs or bytes.")
      return section
    }
    section.add(table)
    addMovedBytes(of: run, to: &section)
    addStages(of: run, to: &section)
    section.add([StagesPlot()], of: run)
    return section
  }

  /// Adds the bytes of the algorithm, of the memory controllers' counters and of the model, side by side; nothing
  /// where no counter group counts moved bytes. They differ by what caches keep, prefetch and write back.
  private func addMovedBytes(of run: RunData, to section: inout ReportDocument.Section) {
    let moved = run.metrics.filter { $0.metric == Self.movedBytesMetric && $0.socket == nil }
    guard !moved.isEmpty else { return }
    var table = ReportDocument.Table([
      ("point", .left), ("algorithmic", .right), ("moved, counted", .right), ("moved, modelled", .right),
    ])
    for (pointID, rows) in grouped(moved, by: \.pointID) {
      guard let row = run.result(pointID) else { continue }
      let lines = run.stages.filter { $0.pointID == pointID }.compactMap(\.modelledMemoryLinesPerToken)
      table.append([
        .text(run.label(pointID)), .scaled(row.algorithmicBytesPerToken), countedBytes(rows, tokens: row.tokens),
        .scaled(lines.isEmpty ? nil : lines.reduce(0, +) * Self.lineBytes),
      ])
    }
    let groups = grouped(moved, by: \.group).map { "\(code: $0.key)" as InlineText }.joined(separator: " and ")
    section.add(
      """
      Bytes per token by three accounts, never mixed: named by the algorithm; moved between caches and memory as counted by \
      \(groups) over all sockets (every process on them); moved as modelled for this host.
      """)
    section.add(table)
  }

  /// The sum over groups, which count different channels; nil where one of them has no value.
  private func countedBytes(_ rows: [MetricRow], tokens: Int) -> ReportDocument.Cell? {
    guard rows.allSatisfy({ $0.value != nil }) else { return nil }
    let launches = Double(Set(rows.map(\.launch)).count)
    let total = rows.compactMap(\.value).reduce(0, +) / launches / Double(tokens)
    return .number(total) { scaled($0) + rows.map(\.quality).worstMark }
  }

  /// The metric with which every group of the topic memory gives all bytes that it counted.
  private static let movedBytesMetric = "memory_bytes"
  /// The line size of stages.csv, which counts cache lines of the host: 64 bytes on every x86 and Neoverse server.
  private static let lineBytes = 64.0

  /// Adds the stages of the headline points; the others are in stages.csv.
  private func addStages(of run: RunData, to section: inout ReportDocument.Section) {
    let pair = run.headlinePair
    let rows = run.stages.filter { stage in pair.contains { $0.pointID == stage.pointID } }
    guard !rows.isEmpty else { return }
    var table = ReportDocument.Table([
      ("kernel", .left), ("stage", .left), ("FLOP", .right), ("algorithmic bytes", .right), ("table bytes", .right),
      ("modelled L2 lines", .right), ("modelled L3 lines", .right), ("modelled memory lines", .right),
      ("modelled ns", .right), ("measured ns", .right),
    ])
    for row in rows {
      table.append([
        .text(run.result(row.pointID)?.kernel.rawValue), .text(row.stage), .scaled(row.flopPerToken),
        .scaled(row.algorithmicBytesPerToken), .scaled(row.tableBytesPerToken),
        .significant(row.modelledL2LinesPerToken), .significant(row.modelledL3LinesPerToken),
        .significant(row.modelledMemoryLinesPerToken), .significant(row.modelledNanosecondsPerToken),
        .significant(row.measuredNanosecondsPerToken),
      ])
    }
    let points = pair.map { "\(code: run.label($0.pointID))" as InlineText }.joined(separator: " and ")
    section.add("Stages of \(points), per token:")
    section.add(table)
  }
}
