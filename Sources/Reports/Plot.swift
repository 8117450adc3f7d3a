import RunStore

/// A plot: its data as CSV and the gnuplot script that draws it, which lie beside the picture so that anyone can redraw it.
public struct Plot: Equatable {
  /// The section of the report that shows it.
  enum Kind { case throughput, validation, machines, sensitivity, stages, ceilings, calibration, drift }

  var kind: Kind
  /// Name of the files, without extension.
  var name: String
  /// What it shows and whether that was measured or modelled; also the picture's text for those who cannot see it.
  var title: String
  var data: String
  var script: String
}

extension RunData {
  /// All plots that the run has data for.
  var plots: [Plot] {
    sweeps.compactMap { variantPlot($0) ?? throughputPlot($0) }
      + [
        stagesPlot, latencyPlot, bandwidthPlot, validationPlot, speedupPlot, machinesPlot, machineSpeedupPlot,
        tornadoPlot, driftPlot,
      ].compactMap { $0 }
  }

  /// The title of a plot, which says so where nobody measured the run.
  func plotTitle(_ title: String) -> String {
    fact(FactName.origin).map { "\($0.uppercased()): \(title)" } ?? title
  }
}
