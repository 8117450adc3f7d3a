import HostModel

/// Load-to-use latency over the working set, with huge and with 4 KiB pages.
struct CalibratedLatencyPlot: ReportPlot {
  func plot(of report: CalibrationReport) -> Plot? {
    let names = [("huge pages", Calibration.Name.loadLatency), ("4 KiB pages", Calibration.Name.basePageLatency)]
    return report.overWorkingSet(
      names.map { CalibrationCurve($0.0, report.series($0.1, threads: 1), x: \.workingSetBytes) }, name: "latency",
      title: "Measured latency of random dependent loads", axis: "Latency (ns)",
      climbs: report.calibration.boundaries(Calibration.Name.loadLatency, leastRise: Calibration.leastLatencyRise))
  }
}
