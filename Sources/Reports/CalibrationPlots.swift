import HostModel
import Machines
import Plans
import Profiler
import Simulation
import Statistics
import Support

extension CalibrationReport {
  var plots: [Plot] {
    [
      latencyPlot, bandwidthPlot(threads: 1, name: "bandwidth-one-thread"),
      allThreads > 1 ? bandwidthPlot(threads: allThreads, name: "bandwidth-all-threads") : nil, linesInFlightPlot,
      randomRowsPlot, randomRowPiecesPlot, randomRowsBySizePlot, loadedLatencyPlot, interleavedLatencyPlot,
    ].compactMap { $0 }
  }

  /// One curve of a plot: its points with an interval of y.
  private struct Curve {
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

    /// Of series over the working set.
    init(_ title: String, _ series: [CalibrationSeries], x: (CalibrationSeries) -> Int?) {
      self.title = title
      points = series.compactMap { row in
        guard let x = x(row), let statistics = row.statistics else { return nil }
        return Point(
          x: Double(x), y: statistics.median, low: statistics.interval?.low, high: statistics.interval?.high)
      }.sorted { $0.x < $1.x }
    }
  }

  private func series(_ name: String, threads: Int) -> [CalibrationSeries] {
    calibration.series.filter { $0.name == name && $0.threads == threads }
  }

  // MARK: - Over the working set

  private var latencyPlot: Plot? {
    let names = [("huge pages", Calibration.Name.loadLatency), ("4 KiB pages", Calibration.Name.basePageLatency)]
    return overWorkingSet(
      names.map { Curve($0.0, series($0.1, threads: 1), x: \.workingSetBytes) }, name: "latency",
      title: "Measured latency of random dependent loads", axis: "Latency (ns)",
      climbs: calibration.boundaries(Calibration.Name.loadLatency, leastRise: Calibration.leastLatencyRise))
  }

  private func bandwidthPlot(threads: Int, name: String) -> Plot? {
    let titles: [(MicroBenchmarks.Stream, String)] = [
      (.read, "read"), (.write, "write"), (.copy, "copy, read + written"), (.writePastCaches, "non-temporal write"),
    ]
    return overWorkingSet(
      titles.map { Curve($0.1, series(Calibration.Name.bandwidth($0.0), threads: threads), x: \.workingSetBytes) },
      name: name, title: "Measured sequential bandwidth, \(counted(threads, "thread"))",
      axis: "Bandwidth (GB/s)", threads: threads)
  }

  private var randomRowsBySizePlot: Plot? {
    let rows = series(Calibration.Name.randomRows(512), threads: 1)
    return overWorkingSet(
      [
        Curve("rows of 512 B at random", rows, x: \.workingSetBytes),
        Curve("sequential reads", series(Calibration.Name.readBandwidth, threads: 1), x: \.workingSetBytes),
      ], name: "random-rows-by-size", title: "Measured reads of rows at random against streams, 1 thread",
      axis: "Bandwidth (GB/s)")
  }

  /// Curves over all threads' working set, with the reported capacities of all their caches and the climbs that were found.
  private func overWorkingSet(
    _ curves: [Curve], name: String, title: String, axis: String, climbs: CacheBoundaries? = nil, threads: Int = 1
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
    return plot(curves, name: name, title: title, x: "working_set_bytes", script: script, extra: extra)
  }

  /// What the operating system reports, times the caches that so many threads have among them.
  private func capacities(threads: Int) -> [(name: String, bytes: Int)] {
    guard threads > 1, let cpus = try? topology.cpus(for: .compact, threads: threads) else { return reportedCaches }
    return reportedCaches.enumerated().map { index, cache in
      let instances = Set(cpus.compactMap { topology.dataCaches(of: $0).dropFirst(index).first?.sharedCPUs })
      return (instances.count > 1 ? "\(instances.count) x \(cache.name)" : cache.name, cache.bytes * instances.count)
    }
  }

  // MARK: - Others

  private var linesInFlightPlot: Plot? {
    let curves = calibration.chaseSets.compactMap { size -> Curve? in
      calibration.linesInFlight(workingSetBytes: size).map { lines in
        Curve(
          "\(bytes(size)), \(significant(lines.latencyNanoseconds)) ns",
          lines.points.map { .init(x: Double($0.chains), y: $0.lines) })
      }
    }
    guard let most = curves.flatMap({ $0.points.map(\.x) }).max() else { return nil }
    let title = "Measured lines in flight of independent random chases, 1 thread"
    var script = PlotScript(name: "lines-in-flight", title: title)
    script.add("set xlabel 'Chases side by side'")
    script.add("set logscale x 2")
    script.add("set xrange [0.9:\(most * 1.1)]")
    script.add("set xtics (\((0...7).map { 1 << $0 }.map { "'\($0)' \($0)" }.joined(separator: ", ")))")
    script.decadeAxis("Lines in flight (rate x latency / 64 B)", around: curves.flatMap { $0.points.map(\.y) })
    script.legendBelow(curves.map(\.title) + ["as many as chases"])
    return plot(
      curves, name: "lines-in-flight", title: title, x: "chains", script: script,
      extra: ["x with lines dashtype 2 linewidth 1.5 linecolor '#7F7F7F' title 'as many as chases'"])
  }

  private var randomRowsPlot: Plot? {
    byRow(
      "random-rows", "Measured reads of whole rows at random, 1 thread", Calibration.randomRowSizes, "Row",
      name: Calibration.Name.randomRows)
  }

  private var randomRowPiecesPlot: Plot? {
    byRow(
      "random-row-pieces", "Measured reads of rows at random, in eight pieces of 128 rows side by side, 1 thread",
      Calibration.randomRowPieceSizes, "Piece of a row", name: Calibration.Name.randomRowPieces)
  }

  private func byRow(
    _ plotName: String, _ title: String, _ rowSizes: [Int], _ label: String, name: (Int) -> String
  ) -> Plot? {
    // Whole rows of the profiled size have many working sets more.
    guard let low = rowSizes.first, let high = rowSizes.last else { return nil }
    let sizes = Set(series(name(low), threads: 1).compactMap(\.workingSetBytes)).sorted()
    let names = machine.caches.map(\.name) + ["memory"]
    let curves = sizes.enumerated().map { index, size in
      Curve(
        "\(index < names.count ? names[index] : "") (\(bytes(size)))",
        rowSizes.compactMap { rowBytes in
          let row = series(name(rowBytes), threads: 1).first { $0.workingSetBytes == size }
          return row?.statistics.map {
            .init(x: Double(rowBytes), y: $0.median, low: $0.interval?.low, high: $0.interval?.high)
          }
        })
    }.filter { $0.points.count > 1 }
    guard !curves.isEmpty else { return nil }
    var script = PlotScript(name: plotName, title: title)
    script.byteAxis(label, from: low, to: high)
    script.decadeAxis("Bandwidth (GB/s)", around: curves.flatMap { $0.points.map(\.y) })
    script.legendBelow(curves.map(\.title), most: 4)
    return plot(curves, name: plotName, title: title, x: "row_bytes", script: script)
  }

  private var loadedLatencyPlot: Plot? {
    underLoad(
      "loaded-latency", withMachineCurves: true,
      "Measured latency of 1 thread while \(allThreads - 1) load\(allThreads == 2 ? "s" : "") the memory"
    ) { calibration.loadedLatency($0, threads: allThreads) }
  }

  /// The machine file's curve of that traffic, up to where the points reach.
  private func machineCurve(_ traffic: MicroBenchmarks.Traffic, upTo most: Double) -> [LoadedLatencyCurve.Point] {
    let curve = machine.memory.first?.curve.first { abs($0.readRatio - traffic.readRatio) < 0.01 }
    return curve?.points.filter { $0.gigabytesPerSecond <= most * 1.001 } ?? []
  }

  private var interleavedLatencyPlot: Plot? {
    underLoad(
      "interleaved-latency",
      "Measured time of a dependent load and the traffic after it, \(counted(allThreads, "thread"))"
    ) { calibration.interleavedLatency($0, threads: allThreads) }
  }

  private func underLoad(
    _ name: String, withMachineCurves: Bool = false, _ title: String,
    _ points: (MicroBenchmarks.Traffic) -> [LoadedLatencyCurve.Point]
  ) -> Plot? {
    let titles: [MicroBenchmarks.Traffic: String] = [
      .reads: "reads", .copies: "copies", .writes: "writes", .writesPastCaches: "non-temporal writes",
    ]
    let curves = MicroBenchmarks.Traffic.allCases.map { traffic in
      Curve(
        "\(titles[traffic] ?? ""), read ratio \(significant(traffic.readRatio, 2))",
        points(traffic).map { .init(x: $0.gigabytesPerSecond, y: $0.nanoseconds) })
    }.filter { $0.points.count > 1 }
    let all = curves.flatMap(\.points)
    guard let most = all.map(\.x).max(), let slowest = all.map(\.y).max() else { return nil }
    var script = PlotScript(name: name, title: title)
    script.add("set xlabel 'Bandwidth at the memory (GB/s)'")
    script.add("set ylabel '\(withMachineCurves ? "Latency (ns)" : "Time of a load and its traffic (ns)")'")
    script.add("set xrange [0:\(most * 1.05)]")
    script.add("set yrange [0:\(slowest * 1.05)]")
    script.legendBelow(curves.map(\.title), most: 2)
    guard withMachineCurves else {
      return plot(curves, name: name, title: title, x: "gigabytes_per_s", script: script)
    }
    // Points as measured; lines are what the machine file makes of them.
    let lines = MicroBenchmarks.Traffic.allCases.map { traffic in
      Curve(
        "machine file, read ratio \(significant(traffic.readRatio, 2))",
        machineCurve(traffic, upTo: points(traffic).map(\.gigabytesPerSecond).max() ?? 0)
          .map { .init(x: $0.gigabytesPerSecond, y: $0.nanoseconds) })
    }
    let elements =
      lines.indices.map { index in
        "'\(name).csv' skip 1 using ($1 == \(curves.count + index + 1) ? $2 : NaN):3 with lines linewidth 2 "
          + "linecolor '\(PlotScript.colour(index))' notitle"
      }
      + curves.indices.map { index in
        "'\(name).csv' skip 1 using ($1 == \(index + 1) ? $2 : NaN):3 with points pointsize 1.1 linecolor "
          + "'\(PlotScript.colour(index))' pointtype \(PlotScript.shape(index)) title "
          + PlotScript.quoted(curves[index].title)
      }
    return plot(curves + lines, name: name, title: title, x: "gigabytes_per_s", script: script, elements: elements)
  }

  private func plot(
    _ curves: [Curve], name: String, title: String, x: String, script: PlotScript, elements: [String]? = nil,
    extra: [String] = []
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
      (elements ?? curves.indices.map { PlotScript.curve(name, line: $0 + 1, title: curves[$0].title) }) + extra)
    return Plot(kind: .calibration, name: name, title: title, data: data.text, script: script.text)
  }
}
