import Foundation
import InputFiles

/// Where a calibration's report goes: machine.yaml, calibration.csv, samples.csv, report.md and plots/.
public struct CalibrationDirectory {
  public let path: String

  /// Makes the directory; throws `InputError` where that is not possible, so that it shows before anything is measured.
  public init(_ path: String) throws {
    self.path = path
    try Self.make(path)
  }

  /// Writes every file whole and draws the plots; returns what went wrong with these.
  public func write(_ report: CalibrationReport, gnuplot: Gnuplot? = Gnuplot.find()) throws -> [String] {
    try write(report.machine.yaml(), to: "machine.yaml")
    try write(report.summaryCSV, to: "calibration.csv")
    try write(report.samplesCSV, to: "samples.csv")
    try Self.make("\(path)/plots")
    let plots = report.plots
    for plot in plots {
      try write(plot.data, to: "plots/\(plot.name).csv")
      try write(plot.script, to: "plots/\(plot.name).gp")
    }
    let missing = "gnuplot was not found, so that the plots are not drawn; their data and scripts lie in plots/."
    let (drawn, problems) = try gnuplot?.draw(plots, in: "\(path)/plots") ?? ([], [missing])
    try write(report.markdown(drawn: drawn, problems: problems), to: "report.md")
    return problems
  }

  private func write(_ text: String, to name: String) throws {
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"), options: .atomic)
    } catch {
      throw InputError(file: "\(path)/\(name)", "expected a path that can be written: \(plainReason(error))")
    }
  }

  private static func make(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw InputError(file: path, "expected a directory that can be made: \(plainReason(error))")
    }
  }
}
