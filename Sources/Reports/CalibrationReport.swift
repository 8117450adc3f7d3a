import Foundation
import HostModel
import Machines
import Profiler
import RunStore
import Statistics

/// The report of a calibration: the measurements with their intervals, and the machine file's figures derived from
/// them.
public struct CalibrationReport {
  let calibration: Calibration
  let machine: Machine
  let topology: Topology
  let state: MachineState
  let seconds: Double

  /// `seconds` is the duration of the measurements.
  public init(_ calibration: Calibration, machine: Machine, topology: Topology, state: MachineState, seconds: Double) {
    self.calibration = calibration
    self.machine = machine
    self.topology = topology
    self.state = state
    self.seconds = seconds
  }

  /// The sections in their order.
  static var sections: [any ReportSection<CalibrationReport>] {
    [
      CalibratedMachineSection(), CoreSection(), CachesSection(), LinesInFlightSection(), RandomRowsSection(),
      LoadedLatencySection(), ThreadsSection(), ReproduceCalibrationSection(),
    ]
  }

  var document: ReportDocument {
    let disturbed = calibration.series.map(\.disturbedSamples).reduce(0, +)
    let samples = calibration.series.map(\.samples.count).reduce(0, +)
    var document = ReportDocument("Calibration of \(machine.description)")
    document.add(
      """
      Micro-benchmarks alone, measured in \(significant(seconds, 2)) s; \(machine.sources.joined(separator: ", ")). The \
      machine file is \(file: "machine.yaml"); medians with intervals are in \(file: "calibration.csv"), all \(samples) \
      samples in \(file: "samples.csv"). In \(disturbed) of them a thread lost its CPU to another and no better sample was to \
      be had (docs/reference/methods.md, "The machine").
      """)
    document.blocks.append(.warnings(whenNone: nil))
    document.add(Self.sections, of: self)
    return document
  }

  /// The most threads of any series.
  var allThreads: Int { calibration.series.map(\.threads).max() ?? 1 }

  /// The data caches that the operating system reports.
  var reportedCaches: [(name: String, bytes: Int)] {
    topology.dataCaches(of: topology.allowedCPUs.first ?? 0).compactMap { cache in
      cache.sizeBytes.map { ("L\(cache.level)", $0) }
    }
  }

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

  /// The figures of `names`, one row for each number of threads; nil where none was measured.
  func table(of names: [String]) -> ReportDocument.Table? {
    var table = ReportDocument.Table([
      ("figure", .left), ("threads", .right), ("median [95 % CI]", .right), ("unit", .left), ("n", .right),
    ])
    for name in names {
      for row in calibration.ceilings where row.name == name {
        table.append([
          .text(name), .count(row.threads), .interval(row.value, row.ci95Low, row.ci95High), .text(row.unit),
          .count(row.n),
        ])
      }
    }
    return table.isEmpty ? nil : table
  }
}

extension BlockContainer {
  /// Adds a table of measurements, or a sentence where there are none.
  mutating func add(measured table: ReportDocument.Table?) {
    if let table { add(table) } else { add("Nothing was measured.") }
  }
}

extension Calibration {
  /// The working sets at which one thread's reads become slower.
  var bandwidthBoundaries: CacheBoundaries {
    boundaries(Name.readBandwidth, leastRise: Calibration.leastBandwidthRise)
  }
}
