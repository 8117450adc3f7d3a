import HostModel
import Machines
import Statistics

/// Bandwidth of random rows by the size of a row, or of a piece of it, one curve for each working set.
struct RandomRowsPlot: ReportPlot {
  static let rows = RandomRowsPlot(
    name: "random-rows", title: "Measured reads of whole rows at random, 1 thread", axis: "Row",
    rowSizes: Calibration.randomRowSizes, series: Calibration.Name.randomRows)

  static let pieces = RandomRowsPlot(
    name: "random-row-pieces",
    title: "Measured reads of rows at random, in eight pieces of 128 rows side by side, 1 thread",
    axis: "Piece of a row", rowSizes: Calibration.randomRowPieceSizes, series: Calibration.Name.randomRowPieces)

  var name: String
  var title: String
  var axis: String
  var rowSizes: [Int]
  /// The series name of a size in bytes.
  var series: @Sendable (Int) -> String

  func plot(of report: CalibrationReport) -> Plot? {
    // Whole rows of the profiled size have many more working sets.
    guard let low = rowSizes.first, let high = rowSizes.last else { return nil }
    let sizes = Set(report.series(series(low), threads: 1).compactMap(\.workingSetBytes)).sorted()
    let names = report.machine.caches.map(\.name) + ["memory"]
    let curves = sizes.enumerated().map { index, size in
      CalibrationCurve(
        "\(index < names.count ? names[index] : "") (\(bytes(size)))",
        rowSizes.compactMap { rowBytes in
          let row = report.series(series(rowBytes), threads: 1).first { $0.workingSetBytes == size }
          return row?.statistics.map {
            .init(x: Double(rowBytes), y: $0.median, low: $0.interval?.low, high: $0.interval?.high)
          }
        })
    }.filter { $0.points.count > 1 }
    guard !curves.isEmpty else { return nil }
    var script = PlotScript(name: name, title: title)
    script.byteAxis(axis, from: low, to: high)
    script.decadeAxis("Bandwidth (GB/s)", around: curves.flatMap { $0.points.map(\.y) })
    script.legendBelow(curves.map(\.title), most: 4)
    return report.plot(curves, x: "row_bytes", script: script)
  }
}
