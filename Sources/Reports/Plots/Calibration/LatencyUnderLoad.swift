import Machines
import Plans
import Profiler
import Simulation

extension CalibrationReport {
  /// Latency or time against bandwidth, one curve for each kind of traffic.
  func underLoad(
    _ name: String, withMachineCurves: Bool = false, _ title: String,
    _ points: (MicroBenchmarks.Traffic) -> [LoadedLatencyCurve.Point]
  ) -> Plot? {
    let titles: [MicroBenchmarks.Traffic: String] = [
      .reads: "reads", .copies: "copies", .writes: "writes", .writesPastCaches: "non-temporal writes",
    ]
    let curves = MicroBenchmarks.Traffic.allCases.map { traffic in
      CalibrationCurve(
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
      return plot(curves, x: "gigabytes_per_s", script: script)
    }
    // Points are measured; lines are the machine file's curves.
    let lines = MicroBenchmarks.Traffic.allCases.map { traffic in
      CalibrationCurve(
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
    return plot(curves + lines, x: "gigabytes_per_s", script: script, elements: elements)
  }

  /// The machine file's curve of that traffic, up to the highest measured bandwidth.
  private func machineCurve(_ traffic: MicroBenchmarks.Traffic, upTo most: Double) -> [LoadedLatencyCurve.Point] {
    let curve = machine.memory.first?.curve.first { abs($0.readRatio - traffic.readRatio) < 0.01 }
    return curve?.points.filter { $0.gigabytesPerSecond <= most * 1.001 } ?? []
  }
}
