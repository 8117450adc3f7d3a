/// A plot: its data as CSV and the gnuplot script that draws it, which lie beside the picture so that anyone can redraw it.
struct Plot: Equatable {
  /// What it shows and whether that was measured or modelled; also the picture's text for those who cannot see it.
  var title: String { drawing.title }
  /// Name of the files, without extension.
  var name: String { drawing.name }
  var script: String { drawing.text }
  let data: String

  private var drawing: PlotScript

  init(_ drawing: PlotScript, _ data: PlotData) {
    self.drawing = drawing
    self.data = data.text
  }

  /// The plot of data that `origin` says nobody measured, which its title then says first.
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
  /// Adds those of `plots` that `subject` has data for.
  mutating func add<Subject>(_ plots: [any ReportPlot<Subject>], of subject: Subject) {
    for plot in plots { add(plot.plot(of: subject)) }
  }
}
