import HostModel
import Profiler

/// The peaks of one core, and those that this machine lacks.
struct CoreSection: ReportSection {
  private static let names =
    [Calibration.Name.frequency] + ["fma_peak_fp32", "fma_peak_bf16", "fma_peak_int8"]
    + VectorPath.allCases.map(Calibration.Name.multiplyAddPeak) + [Calibration.Name.productRate]

  func section(of report: CalibrationReport) -> ReportDocument.Section? {
    var section = ReportDocument.Section("Core")
    section.add(measured: report.table(of: Self.names))
    section.add(
      list: report.calibration.missing.sorted { $0.key < $1.key }.map { "\(code: $0.key): \($0.value)" })
    return section
  }
}
