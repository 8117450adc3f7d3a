import Foundation
import Machines
import RunStore
import Support

/// Where a calibration's report goes: machine.yaml, calibration.csv, samples.csv, report.md and plots/.
public struct CalibrationDirectory {
  public var path: String { study.path }

  private let study: StudyDirectory

  /// Makes the directory; throws where that is not possible, or where it holds what no calibration wrote, so that it shows
  /// before anything is measured.
  public init(_ path: String) throws {
    study = try StudyDirectory(path, for: .calibration)
    try study.make()
  }

  /// Writes every file whole and draws the plots; returns what went wrong with these.
  public func write(_ report: CalibrationReport, gnuplot: Gnuplot? = Gnuplot.find()) throws -> [String] {
    try study.write(report.machine.yaml(), to: "machine.yaml")
    try study.write(report.summaryCSV, to: "calibration.csv")
    try study.write(report.samplesCSV, to: "samples.csv")
    var document = report.document
    return try document.write(into: study, gnuplot: gnuplot, command: "lookahead calibrate")
  }
}
