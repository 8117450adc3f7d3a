import Foundation
import Kernels
import RunStore

extension RunData {
  /// The pair that single plots show: of the experiment's first sweep with look-ups, the point nearest to the
  /// published tables on the most threads, and its baseline. The choice is fixed, so that the plots of two runs show
  /// the same pair.
  var headlinePair: [ResultRow] {
    guard let sweep = sweeps.first(where: { measured(in: $0).contains(where: \.needsBaseline) }) else {
      return []
    }
    let lookups = measured(in: sweep).filter(\.needsBaseline)
    let most = lookups.map(\.threads).max()
    let nearest = lookups.filter { $0.threads == most }.min { distanceToPublished($0) < distanceToPublished($1) }
    guard let nearest else { return [] }
    return [nearest] + (baseline(of: nearest).map { [$0] } ?? [])
  }

  /// The distance in octaves of rows; the published tables have 256 (arXiv 2403.07221, section 4).
  private func distanceToPublished(_ row: ResultRow) -> Double {
    abs(log2(Double(row.int(Parameter.tableRows.name) ?? 1) / 256))
  }

  struct MachineSpeedup {
    var machine: String
    var lookup: ProjectionRow
    var dense: ProjectionRow
    /// The speed-up with the point's threads.
    var atPoint: Double
    /// The speed-up with every core of the socket busy.
    var atSocket: Double?
  }

  /// The speed-up of the headline pair on every machine with projections of both, the largest first.
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

  /// The projected throughput of a look-up over that of its measured baseline on the machine of the projections
  /// `rows`.
  func projectedRatio(_ row: ProjectionRow, among rows: [ProjectionRow]) -> Double? {
    guard let lookup = result(row.pointID), let dense = baseline(of: lookup),
      let baseline = rows.first(where: { $0.pointID == dense.pointID }), baseline.tokensPerSecond > 0
    else { return nil }
    return row.tokensPerSecond / baseline.tokensPerSecond
  }
}
