import Experiments

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
      let mean = errors.map(abs).reduce(0, +) / Double(errors.count)
      let bias = errors.reduce(0, +) / Double(errors.count)
      text += "### On the host\n\nMean absolute error \(percent(mean)), bias \(percent(bias, signed: true)), "
      text += "over \(counted(errors.count, "point")).\n\n"
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

  /// Every projection without a measurement: a row per workload, a column per machine. Points that differ only in where
  /// their memory lies have the same projection, and appear once.
  private var otherMachines: String {
    let others = grouped(projections.filter { $0.measuredTokensPerSecond == nil }, by: \.machine)
    guard !others.isEmpty else { return "" }
    var table = MarkdownTable([("point", .left)] + others.map { (heading: "`\($0.key)`", alignment: .left) })
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
      + "over dense on the same machine and as many threads.\n\n" + table.text + "\n"
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
