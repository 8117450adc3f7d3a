/// Latency under the traffic of other threads.
struct LoadedLatencySection: ReportSection {
  func section(of report: CalibrationReport) -> ReportDocument.Section? {
    var section = ReportDocument.Section("Latency under load")
    let others = report.allThreads - 1
    if others > 0 {
      section.add(
        """
        A random chase on one thread beside the traffic, with pauses, of \(counted(others, "other thread")) (points; the \
        lines are the machine file's curves); bandwidth counts what memory moves, write-allocate reads included. The read \
        ratio is that of the traffic. In the interleaved form every thread touches lines of traffic after each of its own \
        dependent loads; where their time is longer than a load's, the time of a step is shown and is no latency.
        """)
    } else {
      section.add(
        "One thread only: no other can load the memory while it chases. The interleaved form below stands alone.")
    }
    section.add([LoadedLatencyPlot(), InterleavedLatencyPlot()], of: report)
    return section
  }
}
