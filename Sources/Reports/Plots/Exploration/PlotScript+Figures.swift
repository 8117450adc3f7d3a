import Machines

extension PlotScript {
  /// A labelled vertical line.
  mutating func mark(_ x: Double, _ label: String) {
    add("set title offset 0,0.5")
    add("set tmargin 3.8")
    add("set arrow from \(x), graph 0 to \(x), graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'")
    add("set label \(PlotScript.quoted(label)) at \(x), graph 1.03 center font 'Arial,13' textcolor '#505050'")
  }

  /// A logarithmic axis over the figure's `values`.
  mutating func axis(_ figure: MachineFigure, _ values: [Double]) {
    let (low, high) = (values.min() ?? 1, values.max() ?? 1)
    if figure.unit == "bytes" {
      byteAxis(figure.title, from: Int(low), to: Int(high))
    } else {
      add("set xlabel \(PlotScript.quoted(figure.title))")
      add("set logscale x 2")
      add("set xrange [\(low / 1.1):\(high * 1.1)]")
    }
  }
}
