import HostModel
import Machines

/// The working sets at which latency and bandwidth change, and the rates of one core within each level.
struct CachesSection: ReportSection {
  func section(of report: CalibrationReport) -> ReportDocument.Section? {
    var section = ReportDocument.Section("Caches")
    addBoundaries(of: report, to: &section)
    section.add([CalibratedLatencyPlot()], of: report)
    section.add("One core, within each level:")
    section.add(bandwidths(of: report))
    section.add([CalibratedBandwidthPlot.oneThread, CalibratedBandwidthPlot.allThreads], of: report)
    return section
  }

  private func addBoundaries(of report: CalibrationReport, to section: inout ReportDocument.Section) {
    var table = ReportDocument.Table([
      ("level", .left), ("reported", .right), ("latency climbs at", .right), ("from", .right), ("to", .right),
      ("by", .right), ("verdict", .left),
    ])
    for verdict in report.calibration.cacheVerdicts(report.topology) {
      let boundary = verdict.boundary
      table.append([
        .text(verdict.name), .bytes(verdict.reportedBytes), .bytes(boundary?.bytes), .bytes(boundary?.lastInside),
        .bytes(boundary?.firstOutside), .times(boundary?.rise),
        boundary == nil ? "no climb found" : verdict.agrees ? "within one measured size" : .strong("differs"),
      ])
    }
    guard !table.isEmpty else {
      section.add("The operating system reports no caches.")
      return
    }
    section.add(
      """
      Reported by the operating system against where the latency of random loads climbs from one level's to the next one's \
      (half way, and the sizes before and after). Virtual machines report the host's caches, of which other guests have a \
      share.
      """)
    section.add(table)
    let streams = report.calibration.bandwidthBoundaries.boundaries.map { bytes($0.bytes) }
    section.add(
      "Read bandwidth falls at \(streams.isEmpty ? "no size by a sixth or more" : streams.joined(separator: ", ")).")
  }

  /// The rates of one core within each level, as in the machine file.
  private func bandwidths(of report: CalibrationReport) -> ReportDocument.Table {
    var table = ReportDocument.Table([
      ("level", .left), ("latency", .right), ("reads", .right), ("stores", .right), ("rows of 512 B at random", .right),
      ("pieces of 256 B", .right),
    ])
    func perCycle(_ value: Double?) -> ReportDocument.Cell? { .significant(value, unit: "B/cycle") }
    for cache in report.machine.caches {
      table.append([
        .text(cache.name), .significant(cache.latencyCycles, unit: "cycles"), perCycle(cache.bytesPerCycle),
        perCycle(cache.writeBytesPerCycle), perCycle(cache.randomRows.first { $0.rowBytes == 512 }?.rate),
        perCycle(cache.randomRowPieces.first { $0.rowBytes == 256 }?.rate),
      ])
    }
    if let memory = report.machine.memory.first {
      func perSecond(_ value: Double?) -> ReportDocument.Cell? { .significant(value, unit: "GB/s") }
      table.append([
        "memory", .significant(memory.idleLatencyNanoseconds, unit: "ns"),
        perSecond(report.calibration.value(Calibration.Name.readBandwidth)),
        perSecond(memory.writeGigabytesPerSecondPerCore),
        perSecond(memory.randomRows.first { $0.rowBytes == 512 }?.rate),
        perSecond(memory.randomRowPieces.first { $0.rowBytes == 256 }?.rate),
      ])
    }
    return table
  }
}
