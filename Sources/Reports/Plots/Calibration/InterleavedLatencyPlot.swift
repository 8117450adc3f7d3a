/// The time of a dependent load and the traffic after it, on all threads.
struct InterleavedLatencyPlot: ReportPlot {
  func plot(of report: CalibrationReport) -> Plot? {
    report.underLoad(
      "interleaved-latency",
      "Measured time of a dependent load and the traffic after it, \(counted(report.allThreads, "thread"))"
    ) { report.calibration.interleavedLatency($0, threads: report.allThreads) }
  }
}
