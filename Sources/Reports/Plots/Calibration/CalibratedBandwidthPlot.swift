import HostModel
import Profiler

/// Sequential bandwidth over the working set.
struct CalibratedBandwidthPlot: ReportPlot {
  static let oneThread = CalibratedBandwidthPlot(name: "bandwidth-one-thread", usesAllThreads: false)
  static let allThreads = CalibratedBandwidthPlot(name: "bandwidth-all-threads", usesAllThreads: true)

  var name: String
  var usesAllThreads: Bool

  func plot(of report: CalibrationReport) -> Plot? {
    guard !usesAllThreads || report.allThreads > 1 else { return nil }
    let threads = usesAllThreads ? report.allThreads : 1
    let titles: [(MicroBenchmarks.Stream, String)] = [
      (.read, "read"), (.write, "write"), (.copy, "copy, read + written"), (.writePastCaches, "non-temporal write"),
    ]
    return report.overWorkingSet(
      titles.map {
        CalibrationCurve(
          $0.1, report.series(Calibration.Name.bandwidth($0.0), threads: threads), x: \.workingSetBytes)
      }, name: name, title: "Measured sequential bandwidth, \(counted(threads, "thread"))", axis: "Bandwidth (GB/s)",
      threads: threads)
  }
}
