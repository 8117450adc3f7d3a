/// Latency of one thread while the others load the memory, with the machine file's curves.
struct LoadedLatencyPlot: ReportPlot {
  func plot(of report: CalibrationReport) -> Plot? {
    let others = report.allThreads - 1
    return report.underLoad(
      "loaded-latency", withMachineCurves: true,
      "Measured latency of 1 thread while \(others) load\(others == 1 ? "s" : "") the memory"
    ) { report.calibration.loadedLatency($0, threads: report.allThreads) }
  }
}
