import RunStore

/// For each machine the figures with the largest effect on the headline look-up's projection.
struct SensitivitySection: ReportSection {
  func section(of run: RunData) -> ReportDocument.Section? {
    guard let lookup = run.headlinePair.first else { return nil }
    let machines = grouped(run.sensitivities.filter { $0.pointID == lookup.pointID }, by: \.machine)
    guard !machines.isEmpty else { return nil }
    var table = ReportDocument.Table([
      ("machine", .left), ("figure", .left), ("a tenth lower", .right), ("a tenth higher", .right),
    ])
    for (machine, rows) in machines {
      guard let expected = run.projected(lookup.pointID, on: machine) else { continue }
      // The three figures with the largest effect are the ones to measure better, or to build differently.
      for (index, row) in rows.sortedBySwing.prefix(3).enumerated() {
        table.append([
          .code(index == 0 ? machine : ""), .code(row.parameter),
          .percent(row.tokensPerSecondAtMinusTenth / expected - 1, signed: true),
          .percent(row.tokensPerSecondAtPlusTenth / expected - 1, signed: true),
        ])
      }
    }
    var section = ReportDocument.Section("Sensitivity")
    section.add(
      """
      How far a tenth less and a tenth more of a figure moves the projection of \(run.label(lookup.pointID)); modelled. \
      Capacities of caches are not moved here: \(code: "lookahead project --sensitivity") moves them too.
      """)
    section.add(table)
    section.add([SensitivityPlot()], of: run)
    return section
  }
}

extension [SensitivityRow] {
  /// The figure with the largest effect first.
  var sortedBySwing: [SensitivityRow] {
    func swing(_ row: SensitivityRow) -> Double {
      abs(row.tokensPerSecondAtPlusTenth - row.tokensPerSecondAtMinusTenth)
    }
    return sorted { swing($0) > swing($1) }
  }
}

extension RunData {
  /// Projected tokens/s of a point on a machine.
  func projected(_ pointID: String, on machine: String) -> Double? {
    projections.first { $0.pointID == pointID && $0.machine == machine && $0.tokensPerSecond > 0 }?.tokensPerSecond
  }
}
