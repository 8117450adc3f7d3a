import RunStore

extension StudyDirectory {
  /// Writes the data and scripts of `plots` and draws them; returns those that are drawn, and a line for each that is not.
  func draw(_ plots: [Plot], with gnuplot: Gnuplot?) throws -> (drawn: [Plot], problems: [String]) {
    for plot in plots { try writePlot(plot.name, script: plot.script, data: plot.data) }
    guard let gnuplot else {
      return ([], ["gnuplot was not found, so that the plots are not drawn; their data and scripts lie in plots/."])
    }
    return try gnuplot.draw(plots, in: "\(path)/plots")
  }
}
