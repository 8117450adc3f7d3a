import Foundation
import Machines
import RunStore
import Support

/// The directory of a calibration's report: machine.yaml, calibration.csv, samples.csv, report.md and plots/.
public struct CalibrationDirectory {
  public var path: String { study.path }

  private let study: StudyDirectory

  /// Makes the directory. Throws where that is not possible, or where it holds files that no calibration
  /// wrote, before anything is measured.
  public init(_ path: String) throws {
    study = try StudyDirectory(path, for: .calibration)
    try study.make()
  }

  /// Writes every file whole and draws the plots; returns the problems with plots.
  public func write(_ report: CalibrationReport, gnuplot: Gnuplot? = Gnuplot.find()) throws -> [String] {
    try study.write(report.machine.yaml(), to: "machine.yaml")
    try study.write(report.summaryCSV, to: "calibration.csv")
    try study.write(report.samplesCSV, to: "samples.csv")
    var document = report.document
    return try document.write(into: study, gnuplot: gnuplot, command: "lookahead calibrate")
  }
}
