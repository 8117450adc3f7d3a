import HostModel
import Machines

/// The number of cache lines that one core keeps in flight.
struct LinesInFlightSection: ReportSection {
  func section(of report: CalibrationReport) -> ReportDocument.Section? {
    let calibration = report.calibration
    var section = ReportDocument.Section("Lines in flight")
    var table = ReportDocument.Table([
      ("working set", .right), ("latency", .right), ("most at random", .right), ("lines in flight", .right),
      ("reached with", .right),
    ])
    for size in calibration.chaseSets {
      guard let lines = calibration.linesInFlight(workingSetBytes: size) else { continue }
      table.append([
        .bytes(size), .significant(lines.latencyNanoseconds, unit: "ns"),
        .significant(lines.points.map(\.gigabytesPerSecond).max() ?? 0, unit: "GB/s"), .significant(lines.most),
        .number(Double(lines.saturatingChains)) { _ in counted(lines.saturatingChains, "chain") },
      ])
    }
    if table.isEmpty {
      section.add("Nothing was measured.")
    } else {
      section.add(
        """
        Independent random chases side by side on one thread; Little's law at the latency of few chains \
        (docs/reference/methods.md):
        """)
      section.add(table)
      if let memory = report.machine.memory.first {
        section.add(
          """
          A stream from memory, which prefetchers help, keeps \(significant(memory.linesInFlightPerCore)) lines in \
          flight on the same scale.
          """)
      }
    }
    section.add([LinesInFlightPlot()], of: report)
    return section
  }
}
