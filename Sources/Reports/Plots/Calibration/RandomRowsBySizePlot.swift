import HostModel

/// Bandwidth of random rows compared with streams, over the working set.
struct RandomRowsBySizePlot: ReportPlot {
  func plot(of report: CalibrationReport) -> Plot? {
    let rows = report.series(Calibration.Name.randomRows(512), threads: 1)
    return report.overWorkingSet(
      [
        CalibrationCurve("rows of 512 B at random", rows, x: \.workingSetBytes),
        CalibrationCurve(
          "sequential reads", report.series(Calibration.Name.readBandwidth, threads: 1), x: \.workingSetBytes),
      ], name: "random-rows-by-size", title: "Measured reads of rows at random against streams, 1 thread",
      axis: "Bandwidth (GB/s)")
  }
}
