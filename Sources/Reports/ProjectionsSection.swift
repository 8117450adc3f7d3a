import Plans
import RunStore

extension RunData {
  var projectionsSection: String {
    var text = "## Measured beside projected\n\n"
    guard !projections.isEmpty else { return text + "No machine was projected onto.\n\n" }
    text +=
      "Projections are modelled from the points' access streams and the machines' descriptions, never fitted to the "
    text += "measurements beside them. Bands are low to high.\n\n"
    let host = projections.filter { $0.measuredTokensPerSecond != nil }
    if !host.isEmpty {
      let errors = host.compactMap(\.relativeError)
      text += "### On the host\n\nMean absolute error \(meanError(errors)), over \(counted(errors.count, "point"))"
      let fastest = host.compactMap { row -> Double? in
        guard let point = result(row.pointID), let shortest = point.minNanoseconds, shortest > 0 else { return nil }
        return row.tokensPerSecond / (Double(point.tokens) / shortest * 1e9) - 1
      }
      if !fastest.isEmpty {
        text +=
          "; against each point's fastest sample, which others on the machine disturbed least, \(meanError(fastest))"
      }
      text += ".\n\n"
      var table = MarkdownTable([
        ("point", .left), ("measured tokens/s", .right), ("modelled tokens/s (band)", .right), ("error", .right),
        ("limiter", .left),
      ])
      for row in host {
        table.append([
          label(row.pointID), row.measuredTokensPerSecond.map(scaled), row.bandText,
          row.relativeError.map { percent($0, signed: true) }, row.limiter,
        ])
      }
      text += table.text + "\n"
    }
    return text + otherMachines
  }

  /// The mean magnitude of errors, and what they have in common.
  private func meanError(_ errors: [Double]) -> String {
    let count = Double(max(1, errors.count))
    return
      "\(percent(errors.map(abs).reduce(0, +) / count)), bias \(percent(errors.reduce(0, +) / count, signed: true))"
  }

  /// Every projection without a measurement: a row per workload, a column per machine. Points that differ only in where
  /// their memory lies have the same projection, and appear once.
  private var otherMachines: String {
    let others = grouped(projections.filter { $0.measuredTokensPerSecond == nil }, by: \.machine)
    guard !others.isEmpty else { return "" }
    var table = MarkdownTable([("point", .left)] + others.map { (markdownCode($0.key), .left) })
    var known: [[String?]] = []
    for id in grouped(others.flatMap(\.values), by: \.pointID).map(\.key) {
      let cells = others.map { _, rows in
        rows.first { $0.pointID == id }.map { row in
          let speedup = projectedSpeedup(row, among: rows).map { ", \($0)" } ?? ""
          return "\(row.bandText), \(row.limiter)\(speedup)"
        }
      }
      guard !known.contains(cells) else { continue }
      known.append(cells)
      table.append([label(id)] + cells)
    }
    return
      "### On other machines (modelled)\n\nTokens/s expected (low to high), limiter, and for look-ups the speed-up "
      + "over dense on the same machine and as many threads.\n\n" + table.text + "\n" + speedupTable
  }

  /// The speed-up of the headline lookup over its dense baseline on every machine, with as many threads as the point and
  /// with every core busy, the largest first; empty where there is no such pair.
  private var speedupTable: String {
    let rows = machineSpeedups
    guard let lookup = headlinePair.first, !rows.isEmpty else { return "" }
    var table = MarkdownTable([
      ("machine", .code), (counted(lookup.threads, "thread"), .right), ("whole socket", .right), ("cores", .right),
      ("lookup tokens/s, whole socket (band)", .right), ("lookup limiter", .left), ("dense limiter", .left),
      ("lines/token from L2 / L3 / memory", .right),
    ])
    for row in rows {
      let band = row.lookup.socketTokensPerSecond.map { expected in
        "\(scaled(expected)) (\(row.lookup.socketLowTokensPerSecond.map(scaled) ?? "–") to "
          + "\(row.lookup.socketHighTokensPerSecond.map(scaled) ?? "–"))"
      }
      let lines = [row.lookup.l2LinesPerToken, row.lookup.l3LinesPerToken, row.lookup.memoryLinesPerToken]
      table.append([
        row.machine, times(row.atPoint), row.atSocket.map { times($0) }, row.lookup.socketCores.map(String.init),
        band, row.lookup.socketLimiter, row.dense.socketLimiter,
        lines.map { $0.map { significant($0) } ?? "–" }.joined(separator: " / "),
      ])
    }
    return
      "### Speed-up of look-ups over dense on every machine (modelled)\n\n\(markdownText(label(lookup.pointID))) over its dense "
      + "baseline. The whole socket runs the point's work on every core, each group of threads on its own tokens.\n\n"
      + table.text + "\n"
  }

  struct MachineSpeedup {
    var machine: String
    var lookup: ProjectionRow
    var dense: ProjectionRow
    /// With the point's threads.
    var atPoint: Double
    /// With every core.
    var atSocket: Double?
  }

  /// The headline pair on every machine that both were projected onto, the largest speed-up first.
  var machineSpeedups: [MachineSpeedup] {
    let pair = headlinePair
    guard pair.count == 2 else { return [] }
    return grouped(projections, by: \.machine).compactMap { machine, rows -> MachineSpeedup? in
      guard let lookup = rows.first(where: { $0.pointID == pair[0].pointID }),
        let dense = rows.first(where: { $0.pointID == pair[1].pointID }), dense.tokensPerSecond > 0
      else { return nil }
      return MachineSpeedup(
        machine: machine, lookup: lookup, dense: dense, atPoint: lookup.tokensPerSecond / dense.tokensPerSecond,
        atSocket: lookup.socketTokensPerSecond.flatMap { all in
          dense.socketTokensPerSecond.flatMap { $0 > 0 ? all / $0 : nil }
        })
    }.sorted { ($0.atSocket ?? $0.atPoint) > ($1.atSocket ?? $1.atPoint) }
  }

  /// The projected throughput of a lookup over that of its measured baseline, both on the same machine.
  private func projectedSpeedup(_ row: ProjectionRow, among rows: [ProjectionRow]) -> String? {
    projectedRatio(row, among: rows).map { times($0) }
  }

  func projectedRatio(_ row: ProjectionRow, among rows: [ProjectionRow]) -> Double? {
    guard let lookup = result(row.pointID), lookup.kernel == .lookup, let dense = baseline(of: lookup),
      let rival = rows.first(where: { $0.pointID == dense.pointID }), rival.tokensPerSecond > 0
    else { return nil }
    return row.tokensPerSecond / rival.tokensPerSecond
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
