import RunStore

/// Projections beside measurements on the host, and on machines where nothing was measured.
struct ProjectionsSection: ReportSection {
  func section(of run: RunData) -> ReportDocument.Section? {
    var section = ReportDocument.Section("Measured beside projected")
    guard !run.projections.isEmpty else {
      section.add("No machine was projected onto.")
      return section
    }
    section.add(
      """
      Projections are modelled from the points' access streams and the machines' descriptions, never fitted to the \
      measurements beside them. Bands are low to high.
      """)
    section.add(onHost(run))
    section.add(onOthers(run))
    section.add(speedups(run))
    section.add([MeasuredProjectedPlot()], of: run.projectedPoints)
    section.add([SpeedupPlot(), MachinesPlot(), MachineSpeedupPlot()], of: run)
    return section
  }

  private func onHost(_ run: RunData) -> ReportDocument.Section? {
    let host = run.projections.filter { $0.measuredTokensPerSecond != nil }
    guard !host.isEmpty else { return nil }
    var section = ReportDocument.Section("On the host")
    let errors = host.compactMap(\.relativeError)
    var text: InlineText = "Mean absolute error \(meanError(errors)), over \(counted(errors.count, "point"))"
    let fastest = host.compactMap { row -> Double? in
      guard let point = run.result(row.pointID), let shortest = point.minNanoseconds, shortest > 0 else { return nil }
      return row.tokensPerSecond / (Double(point.tokens) / shortest * 1e9) - 1
    }
    if !fastest.isEmpty {
      text +=
        "; against each point's fastest sample, which others on the machine disturbed least, \(meanError(fastest))"
    }
    section.add(text + ".")
    var table = ReportDocument.Table([
      ("point", .left), ("measured tokens/s", .right), ("modelled tokens/s (band)", .right), ("error", .right),
      ("limiter", .left),
    ])
    for row in host {
      table.append([
        .text(run.label(row.pointID)), .scaled(row.measuredTokensPerSecond),
        .number(row.tokensPerSecond) { _ in row.bandText }, .percent(row.relativeError, signed: true),
        .text(row.limiter),
      ])
    }
    section.add(table)
    return section
  }

  /// The mean magnitude of errors, and their mean.
  private func meanError(_ errors: [Double]) -> String {
    let count = Double(max(1, errors.count))
    return
      "\(percent(errors.map(abs).reduce(0, +) / count)), bias \(percent(errors.reduce(0, +) / count, signed: true))"
  }

  /// Every projection without a measurement: one row for each workload, one column for each machine. Points that
  /// differ only in where their memory lies have the same projection, and appear once.
  private func onOthers(_ run: RunData) -> ReportDocument.Section? {
    let others = grouped(run.projections.filter { $0.measuredTokensPerSecond == nil }, by: \.machine)
    guard !others.isEmpty else { return nil }
    var section = ReportDocument.Section("On other machines (modelled)")
    section.add(
      """
      Tokens/s expected (low to high), limiter, and for look-ups the speed-up over dense on the same machine and as many \
      threads.
      """)
    var table = ReportDocument.Table([("point", .left)] + others.map { ("\(code: $0.key)", .left) })
    var known: [[ReportDocument.Cell?]] = []
    for id in grouped(others.flatMap(\.values), by: \.pointID).map(\.key) {
      let cells = others.map { _, rows -> ReportDocument.Cell? in
        guard let row = rows.first(where: { $0.pointID == id }) else { return nil }
        let speedup = run.projectedRatio(row, among: rows).map { ", \(times($0))" } ?? ""
        return .number(row.tokensPerSecond) { _ in "\(row.bandText), \(row.limiter)\(speedup)" }
      }
      guard !known.contains(cells) else { continue }
      known.append(cells)
      table.append([.text(run.label(id))] + cells)
    }
    section.add(table)
    return section
  }

  /// The speed-up of the headline look-up over its dense baseline on every machine, with as many threads as the point
  /// and with every core busy, the largest first; nil where there is no such pair.
  private func speedups(_ run: RunData) -> ReportDocument.Section? {
    let rows = run.machineSpeedups
    guard let lookup = run.headlinePair.first, !rows.isEmpty,
      run.projections.contains(where: { $0.measuredTokensPerSecond == nil })
    else { return nil }
    var section = ReportDocument.Section("Speed-up of look-ups over dense on every machine (modelled)")
    section.add(
      """
      \(run.label(lookup.pointID)) over its dense baseline. The whole socket runs the point's work on every core, each group \
      of threads on its own tokens.
      """)
    var table = ReportDocument.Table([
      ("machine", .left), ("\(counted(lookup.threads, "thread"))", .right), ("whole socket", .right),
      ("cores", .right), ("lookup tokens/s, whole socket (band)", .right), ("lookup limiter", .left),
      ("dense limiter", .left), ("lines/token from L2 / L3 / memory", .right),
    ])
    for row in rows {
      let lines = [row.lookup.l2LinesPerToken, row.lookup.l3LinesPerToken, row.lookup.memoryLinesPerToken]
      table.append([
        .code(row.machine), .times(row.atPoint), .times(row.atSocket), .count(row.lookup.socketCores),
        .number(row.lookup.socketTokensPerSecond) { expected in
          "\(scaled(expected)) (\(row.lookup.socketLowTokensPerSecond.map(scaled) ?? "–") to "
            + "\(row.lookup.socketHighTokensPerSecond.map(scaled) ?? "–"))"
        },
        .text(row.lookup.socketLimiter), .text(row.dense.socketLimiter),
        .text(lines.map { $0.map { significant($0) } ?? "–" }.joined(separator: " / ")),
      ])
    }
    section.add(table)
    return section
  }
}

extension ProjectionRow {
  /// Projected over measured, less one; nil where nothing was measured.
  var relativeError: Double? {
    measuredTokensPerSecond.flatMap { $0 > 0 ? tokensPerSecond / $0 - 1 : nil }
  }

  var bandText: String {
    "\(scaled(tokensPerSecond)) (\(scaled(lowTokensPerSecond)) to \(scaled(highTokensPerSecond)))"
  }
}
