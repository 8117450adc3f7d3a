import Foundation
import HostModel
import Machines
import Profiler
import RunStore
import Statistics

/// A calibration as people read it: what was measured, how sure it is, and what the machine file says because of it.
public struct CalibrationReport {
  let calibration: Calibration
  let machine: Machine
  let topology: Topology
  let state: MachineState
  let seconds: Double

  /// `seconds` is how long measuring took.
  public init(_ calibration: Calibration, machine: Machine, topology: Topology, state: MachineState, seconds: Double) {
    self.calibration = calibration
    self.machine = machine
    self.topology = topology
    self.state = state
    self.seconds = seconds
  }

  /// The most threads of any series.
  var allThreads: Int { calibration.series.map(\.threads).max() ?? 1 }

  /// The data caches that the operating system reports.
  var reportedCaches: [(name: String, bytes: Int)] {
    topology.dataCaches(of: topology.allowedCPUs.first ?? 0).compactMap { cache in
      cache.sizeBytes.map { ("L\(cache.level)", $0) }
    }
  }

  // MARK: - CSV

  /// One row a series: median, interval and n.
  var summaryCSV: String {
    var csv = CSVWriter(header: [
      "name", "threads", "working_set_bytes", "parameter", "parameter_value", "median", "unit", "ci95_low", "ci95_high",
      "n", "outliers", "disturbed",
    ])
    for series in calibration.series {
      let statistics = series.statistics
      csv.append(
        labels(series) + [
          PlotScript.cell(statistics?.median), series.unit, PlotScript.cell(statistics?.interval?.low),
          PlotScript.cell(statistics?.interval?.high), "\(series.samples.count)",
          statistics.map { "\($0.outlierCount)" },
          "\(series.disturbedSamples)",
        ])
    }
    return csv.text
  }

  /// One row a sample.
  var samplesCSV: String {
    var csv = CSVWriter(header: [
      "name", "threads", "working_set_bytes", "parameter", "parameter_value", "sample", "value", "unit",
    ])
    for series in calibration.series {
      for (index, sample) in series.samples.enumerated() {
        csv.append(labels(series) + ["\(index)", PlotScript.cell(sample), series.unit])
      }
    }
    return csv.text
  }

  private func labels(_ series: CalibrationSeries) -> [String?] {
    [
      series.name, "\(series.threads)", series.workingSetBytes.map(String.init), series.parameter?.name,
      series.parameter.map { "\($0.value)" },
    ]
  }

  // MARK: - Markdown

  func markdown(drawn: [Plot], problems: [String]) -> String {
    func figure(_ names: String...) -> String {
      drawn.filter { names.contains($0.name) }.map(markdownFigure).joined()
    }
    let disturbed = calibration.series.map(\.disturbedSamples).reduce(0, +)
    let samples = calibration.series.map(\.samples.count).reduce(0, +)
    var text = """
      # Calibration of \(markdownText(machine.description))

      Micro-benchmarks alone, measured in \(significant(seconds, 2)) s; \(markdownText(machine.sources.joined(separator: ", "))). The \
      machine file is [machine.yaml](machine.yaml); medians with intervals are in [calibration.csv](calibration.csv), all \
      \(samples) samples in [samples.csv](samples.csv). In \(disturbed) of them a thread lost its CPU to another and no \
      better sample was to be had (docs/METHODS.md, "The machine").


      """
    for problem in problems { text += "**Note:** \(markdownText(problem))\n\n" }
    text += machineTable
    text += "## Core\n\n" + table(of: coreNames) + missingPeaks
    text += "## Caches\n\n" + boundaryTable + figure("latency") + bandwidthTable
    text += figure("bandwidth-one-thread", "bandwidth-all-threads")
    text += "## Lines in flight\n\n" + linesTable + figure("lines-in-flight")
    text += "## Rows at random\n\n" + figure("random-rows", "random-row-pieces", "random-rows-by-size")
    text += "## Latency under load\n\n" + loadedText + figure("loaded-latency", "interleaved-latency")
    text += "## Threads\n\n" + table(of: [Calibration.Name.forkJoin, Calibration.Name.barrier])
    text += "## Reproduce\n\n`lookahead calibrate --report DIR`\n"
    return text
  }

  private var machineTable: String {
    var table = MarkdownTable([("fact", .left), ("value", .left)])
    for name in [
      "cpu_model", "cpu_family", "cpu_model_number", "cpu_stepping", "microcode", "hypervisor", "kernel", "governor",
      "boost", "smt", "thp_enabled", "load_average_1min",
    ] {
      if let value = state[name] { table.append([name, value]) }
    }
    return table.isEmpty ? "" : "## Machine\n\n" + table.text + "\n"
  }

  private var coreNames: [String] {
    [Calibration.Name.frequency] + ElementNames.peaks + VectorPath.allCases.map(Calibration.Name.multiplyAddPeak)
      + [Calibration.Name.productRate]
  }

  private enum ElementNames {
    static let peaks = ["fp32", "bf16", "int8"].map { "fma_peak_\($0)" }
  }

  /// The figures of `names`, one row for each number of threads.
  private func table(of names: [String]) -> String {
    var table = MarkdownTable([
      ("figure", .left), ("threads", .right), ("median [95 % CI]", .right), ("unit", .left), ("n", .right),
    ])
    for name in names {
      for row in calibration.ceilings where row.name == name {
        table.append([
          name, "\(row.threads)", interval(row.value, row.ci95Low, row.ci95High), row.unit, row.n.map(String.init),
        ])
      }
    }
    return table.isEmpty ? "Nothing was measured.\n\n" : table.text + "\n"
  }

  private var missingPeaks: String {
    calibration.missing.sorted { $0.key < $1.key }.map { "- \(markdownCode($0.key)): \(markdownText($0.value))\n" }
      .joined()
      + (calibration.missing.isEmpty ? "" : "\n")
  }

  private var boundaryTable: String {
    var table = MarkdownTable([
      ("level", .left), ("reported", .right), ("latency climbs at", .right), ("from", .right), ("to", .right),
      ("by", .right), ("verdict", .markup),
    ])
    for verdict in calibration.cacheVerdicts(topology) {
      let boundary = verdict.boundary
      table.append([
        verdict.name, bytes(verdict.reportedBytes), boundary.map { bytes($0.bytes) },
        boundary.map { bytes($0.lastInside) }, boundary.map { bytes($0.firstOutside) }, boundary.map { times($0.rise) },
        boundary == nil ? "no climb found" : verdict.agrees ? "within one measured size" : "**differs**",
      ])
    }
    guard !table.isEmpty else { return "The operating system reports no caches.\n\n" }
    let streams = calibration.bandwidthBoundaries.boundaries.map { bytes($0.bytes) }
    return "Reported by the operating system against where the latency of random loads climbs from one level's to the "
      + "next one's (half way, and the sizes before and after). Virtual machines report the host's caches, of which other "
      + "guests have a share.\n\n" + table.text + "\nRead bandwidth falls at "
      + (streams.isEmpty ? "no size by a sixth or more" : streams.joined(separator: ", ")) + ".\n\n"
  }

  /// What one core sustains within each level, as the machine file has it.
  private var bandwidthTable: String {
    var table = MarkdownTable([
      ("level", .left), ("latency", .right), ("reads", .right), ("stores", .right), ("rows of 512 B at random", .right),
      ("pieces of 256 B", .right),
    ])
    func perCycle(_ value: Double?) -> String? { value.map { "\(significant($0)) B/cycle" } }
    for cache in machine.caches {
      table.append([
        cache.name, cache.latencyCycles.map { "\(significant($0)) cycles" }, perCycle(cache.bytesPerCycle),
        perCycle(cache.writeBytesPerCycle), perCycle(cache.randomRows.first { $0.rowBytes == 512 }?.rate),
        perCycle(cache.randomRowPieces.first { $0.rowBytes == 256 }?.rate),
      ])
    }
    if let memory = machine.memory.first {
      let reads = calibration.value(Calibration.Name.readBandwidth)
      table.append([
        "memory", "\(significant(memory.idleLatencyNanoseconds)) ns", reads.map { "\(significant($0)) GB/s" },
        memory.writeGigabytesPerSecondPerCore.map { "\(significant($0)) GB/s" },
        memory.randomRows.first { $0.rowBytes == 512 }.map { "\(significant($0.rate)) GB/s" },
        memory.randomRowPieces.first { $0.rowBytes == 256 }.map { "\(significant($0.rate)) GB/s" },
      ])
    }
    return "One core, within each level:\n\n" + table.text + "\n"
  }

  private var linesTable: String {
    var table = MarkdownTable([
      ("working set", .right), ("latency", .right), ("most at random", .right),
      ("lines in flight", .right),
      ("reached with", .right),
    ])
    for size in calibration.chaseSets {
      guard let lines = calibration.linesInFlight(workingSetBytes: size) else { continue }
      table.append([
        bytes(size), "\(significant(lines.latencyNanoseconds)) ns",
        "\(significant(lines.points.map(\.gigabytesPerSecond).max() ?? 0)) GB/s", significant(lines.most),
        counted(lines.saturatingChains, "chain"),
      ])
    }
    guard !table.isEmpty else { return "Nothing was measured.\n\n" }
    var text =
      "Independent random chases side by side on one thread; Little's law at the latency of few chains (docs/METHODS.md):\n\n"
    text += table.text + "\n"
    if let memory = machine.memory.first {
      text +=
        "A stream from memory, which prefetchers help, keeps \(significant(memory.linesInFlightPerCore)) lines under "
        + "way on the same scale.\n\n"
    }
    return text
  }

  private var loadedText: String {
    guard allThreads > 1 else {
      return
        "One thread only: no other can load the memory while it chases. The interleaved form below stands alone.\n\n"
    }
    return
      "A random chase on one thread beside the traffic, with pauses, of \(counted(allThreads - 1, "other thread")) (points; the "
      + "lines are the machine file's curves); "
      + "bandwidth counts what memory moves, write-allocate reads included. The read ratio is that of the traffic. In the "
      + "interleaved form every thread touches lines of traffic after each of its own dependent loads; where their time is "
      + "longer than a load's, the time of a step is shown and is no latency.\n\n"
  }
}

extension Calibration {
  /// Where one thread's reads become slower.
  var bandwidthBoundaries: CacheBoundaries {
    boundaries(Name.readBandwidth, leastRise: Calibration.leastBandwidthRise)
  }
}
