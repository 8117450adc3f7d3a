import RunStore

/// The ceilings of one unit that were measured over at least two working sets.
struct CeilingPlot: ReportPlot {
  /// Measured load latency against the working set.
  static let latency = CeilingPlot(
    name: "latency", unit: "ns", title: "Measured latency against working set", axis: "Latency (ns)")

  /// Measured bandwidth against the working set.
  static let bandwidth = CeilingPlot(
    name: "bandwidth", unit: "GB/s", title: "Measured bandwidth against working set", axis: "Bandwidth (GB/s)")

  var name: String
  var unit: String
  var title: String
  var axis: String

  func plot(of run: RunData) -> Plot? {
    let curves = grouped(
      run.ceilings.filter { $0.unit == unit && $0.workingSetBytes != nil && $0.value > 0 },
      by: { "\($0.name), \(counted($0.threads, "thread"))" }
    ).filter { Set($0.values.map(\.workingSetBytes)).count >= 2 }
    let sizes = curves.flatMap { $0.values.compactMap(\.workingSetBytes) }
    guard let low = sizes.min(), let high = sizes.max() else { return nil }
    var data = PlotData(header: ["line", "working_set_bytes", "value", "ci95_low", "ci95_high", "series"])
    var script = PlotScript(name: name, title: title)
    script.byteAxis("Working set", from: low, to: high)
    script.capacities(run.hostCaches, from: low, to: high)
    // Both span two orders of magnitude from L1 to memory.
    script.decadeAxis(axis, around: curves.flatMap { $0.values.map(\.value) })
    script.legendBelow(curves.map(\.key))
    var elements: [String] = []
    for (index, curve) in curves.enumerated() {
      for row in curve.values.sorted(by: { ($0.workingSetBytes ?? 0) < ($1.workingSetBytes ?? 0) }) {
        data.append([
          "\(index + 1)", row.workingSetBytes.map(String.init), PlotScript.cell(row.value),
          PlotScript.cell(row.ci95Low), PlotScript.cell(row.ci95High), curve.key,
        ])
      }
      elements.append(PlotScript.curve(name, line: index + 1, title: curve.key))
    }
    script.plot(elements)
    return Plot(script, data)
  }
}

/// Labels 1, 2, 5 of each decade, with fractions where the range goes below one.
func plainDecadeTics(from low: Double, to high: Double) -> String {
  var tics: [String] = []
  // Starts at 0.001, below every measured value.
  var decade = 0.001
  while decade <= high {
    for value in [decade, 2 * decade, 5 * decade] where low <= value && value <= high {
      tics.append("'\(significant(value, 1))' \(value)")
    }
    decade *= 10
  }
  return tics.joined(separator: ", ")
}
