import Foundation
import Machines
import Profiler
import Simulation
import Testing

@testable import HostModel
@testable import Plans
@testable import Reports

/// A calibration with a few points of every series.
private func report() throws -> CalibrationReport {
  var series: [CalibrationSeries] = []
  func add(
    _ name: String, _ threads: Int, _ value: Double, _ unit: String, bytes: Int? = nil,
    _ parameter: CalibrationSeries.Parameter? = nil
  ) {
    series.append(
      CalibrationSeries(
        name: name, threads: threads, workingSetBytes: bytes, parameter: parameter, unit: unit,
        samples: (0..<9).map { value + 0.01 * Double($0) }))
  }
  let sizes = (13...28).map { 1 << $0 }
  add(Calibration.Name.frequency, 1, 3, "GHz")
  for threads in [1, 2] {
    add(Calibration.Name.multiplyAddPeak, threads, 90, "GFLOP/s")
    add(Calibration.Name.forkJoin, threads, 9000, "ns")
    for (index, size) in sizes.enumerated() {
      for stream in MicroBenchmarks.Stream.allCases {
        add(Calibration.Name.bandwidth(stream), threads, 200 - Double(index) * 12, "GB/s", bytes: size * threads)
      }
    }
    for traffic in MicroBenchmarks.Traffic.allCases {
      for pause in [1000, 100, 0] {
        add(Calibration.Name.interleavedBandwidth(traffic), threads, 20, "GB/s", .linesPerLoad(pause / 100))
        add(Calibration.Name.interleavedLatency(traffic), threads, 120, "ns", .linesPerLoad(pause / 100))
        guard threads > 1 else { continue }
        add(Calibration.Name.loadedBandwidth(traffic), 2, 20 - Double(pause) / 100, "GB/s", .pause(pause))
        add(Calibration.Name.loadedLatency(traffic), 2, 140 - Double(pause) / 50, "ns", .pause(pause))
      }
    }
  }
  for size in sizes {
    let latency = size <= 32 << 10 ? 1.5 : size <= 1 << 20 ? 5 : size <= 32 << 20 ? 20 : 110
    add(Calibration.Name.loadLatency, 1, latency, "ns", bytes: size)
    add(Calibration.Name.basePageLatency, 1, latency * 1.2, "ns", bytes: size)
    for row in Calibration.randomRowSizes {
      add(Calibration.Name.randomRows(row), 1, 50, "GB/s", bytes: size)
    }
    for piece in Calibration.randomRowPieceSizes {
      add(Calibration.Name.randomRowPieces(piece), 1, 40, "GB/s", bytes: size)
    }
  }
  for chains in [1, 4, 16, 64] {
    add(
      Calibration.Name.independentChases, 1, 0.6 * Double(min(chains, 24)), "GB/s", bytes: sizes.last,
      .chains(chains))
  }
  let calibration = Calibration(
    ceilings: series.filter { $0.parameter == nil }.map(\.ceiling), series: series,
    missing: ["fma_peak_bf16": "expected vdpbf16ps, which this CPU lacks"])
  let topology = Topology.read()
  let machine = try Machine.host(calibration, topology: topology, vendor: "AuthenticAMD", model: "Test CPU")
  return CalibrationReport(
    calibration, machine: machine, topology: topology, state: MachineState.capture(), seconds: 50)
}

@Suite struct CalibrationReportTests {
  private func withDirectory(_ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("calibration-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  @Test func `a full calibration has a plot of each kind, which draws itself from its own data`() throws {
    try withDirectory { path in
      let report = try report()
      #expect(
        report.document.plots.map(\.name) == [
          "latency", "bandwidth-one-thread", "bandwidth-all-threads", "lines-in-flight", "random-rows",
          "random-row-pieces",
          "random-rows-by-size", "loaded-latency", "interleaved-latency",
        ])
      let problems = try CalibrationDirectory(path).write(report)
      #expect(problems.isEmpty || Gnuplot.find() == nil, "\(problems)")
      for plot in report.document.plots {
        #expect(plot.title.hasPrefix("Measured"))
        #expect(plot.script.contains("'\(plot.name).csv' skip 1"))
        if Gnuplot.find() != nil {
          let svg = try String(contentsOf: URL(fileURLWithPath: "\(path)/plots/\(plot.name).svg"), encoding: .utf8)
          #expect(svg.contains("</svg>"))
        }
      }
    }
  }

  @Test func `the directory holds a valid machine file, every sample and every series`() throws {
    try withDirectory { path in
      let report = try report()
      _ = try CalibrationDirectory(path).write(report, gnuplot: nil)
      #expect(try Machine(contentsOf: "\(path)/machine.yaml") == report.machine)
      func lines(_ name: String) throws -> [Substring] {
        try String(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"), encoding: .utf8).split(separator: "\n")
      }
      let series = report.calibration.series
      let summary = try lines("calibration.csv")
      #expect(summary.count == 1 + series.count)
      #expect(
        summary[0]
          == "name,threads,working_set_bytes,parameter,parameter_value,median,unit,ci95_low,ci95_high,n,outliers,disturbed"
      )
      #expect(try lines("samples.csv").count == 1 + series.map(\.samples.count).reduce(0, +))
      #expect(summary.contains { $0.hasPrefix("independent_chases,1,268435456,chains,16,") })
      let text = try lines("report.md").joined(separator: "\n")
      #expect(text.contains("gnuplot was not found"))
      #expect(text.contains("which this CPU lacks"))
    }
  }

  @Test func `the report shows medians with intervals and what latency says about the caches`() throws {
    let report = try report()
    let text = MarkdownWriter().text(report.document)
    for heading in [
      "Core", "Caches", "Lines in flight", "Rows at random", "Latency under load", "Threads", "Reproduce",
    ] {
      #expect(text.contains("\n## \(heading)\n"), "\(heading)")
    }
    #expect(text.contains("3.040 [3.010, 3.070]"))
    for plot in report.document.plots { #expect(text.contains("(plots/\(plot.name).svg)"), "\(plot.name)") }
    #expect(text.contains("latency climbs at"))
  }

  @Test func `a directory that cannot be made is refused before measuring`() throws {
    try withDirectory { path in
      try Data().write(to: URL(fileURLWithPath: path))
      #expect(throws: (any Error).self) { try CalibrationDirectory(path + "/below") }
    }
  }
}
