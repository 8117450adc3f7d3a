import Profiler

/// The machine and its state during the measurements.
struct CalibratedMachineSection: ReportSection {
  private static let facts = [
    "cpu_model", "cpu_family", "cpu_model_number", "cpu_stepping", "microcode", "hypervisor", "kernel", "governor",
    "boost", "smt", "thp_enabled", "load_average_1min",
  ]

  func section(of report: CalibrationReport) -> ReportDocument.Section? {
    var table = ReportDocument.Table([("fact", .left), ("value", .left)])
    for name in Self.facts {
      if let value = report.state[name] { table.append([.text(name), .text(value)]) }
    }
    guard !table.isEmpty else { return nil }
    var section = ReportDocument.Section("Machine")
    section.add(table)
    return section
  }
}
