import Experiments
import Foundation
import InputFiles

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
    try WholeFile.makeDirectory("\(path)/plots")
    var problems: [String] = []
    var drawn: [Plot] = []
    for plot in report.plots {
      try study.writePlot(plot.name, script: plot.script, data: plot.data)
      guard let gnuplot else { continue }
      if let problem = gnuplot.draw(plot.name, in: "\(path)/plots") {
        problems.append("Plot \(plot.name) could not be drawn: \(problem)")
      } else {
        drawn.append(plot)
      }
    }
    if gnuplot == nil {
      problems.append("gnuplot was not found, so that the plots are not drawn; their data and scripts lie in plots/.")
    }
    try study.write(report.markdown(drawn: drawn, problems: problems), to: "report.md")
    return problems
  }
}
