import HostModel
import Plans
import Profiler
import Statistics
import Support

/// One curve of a plot: its points with an interval of y.
struct CalibrationCurve {
  struct Point {
    var x: Double
    var y: Double
    var low: Double?
    var high: Double?
  }

  var title: String
  var points: [Point]

  init(_ title: String, _ points: [Point]) {
    self.title = title
    self.points = points
  }

  /// The curve of medians of `series` over `x`, such as their working sets.
  init(_ title: String, _ series: [CalibrationSeries], x: (CalibrationSeries) -> Int?) {
    self.title = title
    points = series.compactMap { row in
      guard let x = x(row), let statistics = row.statistics else { return nil }
      return Point(
        x: Double(x), y: statistics.median, low: statistics.interval?.low, high: statistics.interval?.high)
    }.sorted { $0.x < $1.x }
  }
}

extension CalibrationReport {
  func series(_ name: String, threads: Int) -> [CalibrationSeries] {
    calibration.series.filter { $0.name == name && $0.threads == threads }
  }

  /// Curves over the working set of all threads, with the reported capacities of all their caches and the boundaries
  /// that were found.
  func overWorkingSet(
    _ curves: [CalibrationCurve], name: String, title: String, axis: String, climbs: CacheBoundaries? = nil,
    threads: Int = 1
  ) -> Plot? {
    let curves = curves.filter { $0.points.count > 1 }
    let sizes = curves.flatMap { $0.points.compactMap { Int(rounding: $0.x, .down) } }
    guard let low = sizes.min(), let high = sizes.max() else { return nil }
    var script = PlotScript(name: name, title: title)
    script.byteAxis(threads == 1 ? "Working set" : "Working set of all threads", from: low, to: high)
    script.decadeAxis(axis, around: curves.flatMap { $0.points.map(\.y) })
    script.capacities(capacities(threads: threads), from: low, to: high)
    for boundary in climbs?.boundaries ?? [] {
      script.add(
        "set arrow from \(boundary.bytes), graph 0 to \(boundary.bytes), graph 0.06 backhead filled size graph 0.012,20 "
          + "linewidth 2 linecolor '#D55E00'")
    }
    var titles = curves.map(\.title)
    var extra: [String] = []
    if let climbs, !climbs.boundaries.isEmpty {
      titles.append("where latency climbs")
      extra.append("NaN with points pointtype 9 pointsize 1.2 linecolor '#D55E00' title 'where latency climbs'")
    }
    script.legendBelow(titles, most: 4)
    return plot(curves, x: "working_set_bytes", script: script, extra: extra)
  }

  /// The reported capacities, times the number of caches that so many threads use.
  private func capacities(threads: Int) -> [(name: String, bytes: Int)] {
    guard threads > 1, let cpus = try? topology.cpus(for: .compact, threads: threads) else { return reportedCaches }
    return reportedCaches.enumerated().map { index, cache in
      let instances = Set(cpus.compactMap { topology.dataCaches(of: $0).dropFirst(index).first?.sharedCPUs })
      return (instances.count > 1 ? "\(instances.count) x \(cache.name)" : cache.name, cache.bytes * instances.count)
    }
  }

  /// `elements` draw the curves, by default as points with lines; `extra` comes after them.
  func plot(
    _ curves: [CalibrationCurve], x: String, script: PlotScript, elements: [String]? = nil, extra: [String] = []
  ) -> Plot {
    var data = PlotData(header: ["line", x, "value", "ci95_low", "ci95_high", "series"])
    for (index, curve) in curves.enumerated() {
      for point in curve.points {
        data.append([
          "\(index + 1)", Int(exactly: point.x).map(String.init) ?? "\(point.x)", PlotScript.cell(point.y),
          PlotScript.cell(point.low), PlotScript.cell(point.high), curve.title,
        ])
      }
    }
    var script = script
    script.plot(
      (elements ?? curves.indices.map { PlotScript.curve(script.name, line: $0 + 1, title: curves[$0].title) }) + extra)
    return Plot(script, data)
  }
}
