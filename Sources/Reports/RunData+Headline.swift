import Foundation
import RunStore

extension RunData {
  /// The pair that single plots show: of the experiment's first sweep with look-ups, the point nearest to the published
  /// tables on the most threads, and its baseline. A fixed choice, so that the plots of two runs show the same thing.
  var headlinePair: [ResultRow] {
    guard let sweep = sweeps.first(where: { measured(in: $0).contains(where: \.isHeldAgainstBaseline) }) else {
      return []
    }
    let lookups = measured(in: sweep).filter(\.isHeldAgainstBaseline)
    let most = lookups.map(\.threads).max()
    let nearest = lookups.filter { $0.threads == most }.min { distanceToPublished($0) < distanceToPublished($1) }
    guard let nearest else { return [] }
    return [nearest] + (baseline(of: nearest).map { [$0] } ?? [])
  }

  /// In octaves of rows: the published tables have 256 (arXiv 2403.07221, section 4).
  private func distanceToPublished(_ row: ResultRow) -> Double {
    abs(log2(Double(row.tableRows ?? 1) / 256))
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

  /// The projected throughput of a look-up over that of its measured baseline, both on the same machine, whose projections
  /// `rows` are.
  func projectedRatio(_ row: ProjectionRow, among rows: [ProjectionRow]) -> Double? {
    guard let lookup = result(row.pointID), let dense = baseline(of: lookup),
      let baseline = rows.first(where: { $0.pointID == dense.pointID }), baseline.tokensPerSecond > 0
    else { return nil }
    return row.tokensPerSecond / baseline.tokensPerSecond
  }
}
