/// A plot: its data as CSV and the gnuplot script that draws it, which are stored beside the picture so that it can
/// be redrawn.
struct Plot: Equatable {
  /// The title, which says what is shown and whether it was measured or modelled; also the picture's alternative
  /// text.
  var title: String { drawing.title }
  /// The name of the files, without extension.
  var name: String { drawing.name }
  var script: String { drawing.text }
  let data: String

  private var drawing: PlotScript

  init(_ drawing: PlotScript, _ data: PlotData) {
    self.drawing = drawing
    self.data = data.text
  }

  /// The plot with `origin` in front of its title, for data that were not measured, such as synthetic ones.
  func marked(_ origin: String) -> Plot {
    var plot = self
    plot.drawing.title = "\(origin.uppercased()): \(title)"
    return plot
  }
}

/// A plot about `Subject`: one file in Plots/, shown by the section that names it.
protocol ReportPlot<Subject> {
  associatedtype Subject

  /// Nil where the subject has no data for it.
  func plot(of subject: Subject) -> Plot?
}

extension BlockContainer {
  /// Adds those of `plots` for which `subject` has data.
  mutating func add<Subject>(_ plots: [any ReportPlot<Subject>], of subject: Subject) {
    for plot in plots { add(plot.plot(of: subject)) }
  }
}
