import Foundation
import Kernels
import Machines
import Profiler
import Simulation
import Support
import TestSupport
import Testing

@testable import HostModel
@testable import Plans
@testable import RunStore

/// A calibration of two threads with every series that the machine file uses.
private func fullCalibration() -> Calibration {
  var series: [CalibrationSeries] = []
  func add(_ name: String, _ threads: Int, _ value: Double, _ unit: String, bytes: Int? = nil) {
    let samples = (0..<11).map { (index: Int) -> Double in value * (1 + 0.001 * Double(index - 5)) }
    series.append(
      CalibrationSeries(name: name, threads: threads, workingSetBytes: bytes, unit: unit, samples: samples))
  }
  let caches = Topology.read().dataCaches(of: Topology.read().allowedCPUs.first ?? 0).compactMap(\.sizeBytes)
  let memory = 8 * (caches.last ?? 32 << 20)
  add(Calibration.Name.frequency, 1, 3, "GHz")
  for threads in [1, 2] {
    add(Calibration.Name.multiplyAddPeak, threads, Double(threads * 12 * ISA.best.vectorLanes), "GFLOP/s")
    for size in CalibrationExtent.quick.workingSets(upTo: memory) {
      let level = Double(caches.firstIndex { size <= $0 } ?? caches.count)
      add(Calibration.Name.readBandwidth, threads, Double(threads) * 200 / (level + 1), "GB/s", bytes: size * threads)
      add(Calibration.Name.writeBandwidth, threads, Double(threads) * 90 / (level + 1), "GB/s", bytes: size * threads)
      if threads == 1 { add(Calibration.Name.loadLatency, 1, [1.5, 5, 15, 90, 120][Int(level)], "ns", bytes: size) }
    }
    add(Calibration.Name.copyBandwidth, threads, 12 * Double(threads), "GB/s", bytes: memory * threads)
    add(Calibration.Name.streamStoreBandwidth, threads, 9 * Double(threads), "GB/s", bytes: memory * threads)
  }
  let ceilings = series.map(\.ceiling)
  for chains in MicroBenchmarks.chainCounts {
    series.append(
      CalibrationSeries(
        name: Calibration.Name.independentChases, threads: 1, workingSetBytes: memory, parameter: .chains(chains),
        unit: "GB/s", samples: Array(repeating: Double(min(chains, 20)) * 0.64, count: 11)))
  }
  for traffic in MicroBenchmarks.Traffic.allCases {
    // By falling pause, in another order here: the reader sorts.
    for (pause, bandwidth, latency) in [(0, 60.0, 180.0), (4000, 2, 121), (200, 30, 135), (50, 50, 150)] {
      for (name, value, unit) in [
        (Calibration.Name.loadedBandwidth(traffic), bandwidth, "GB/s"),
        (Calibration.Name.loadedLatency(traffic), latency, "ns"),
      ] {
        series.append(
          CalibrationSeries(
            name: name, threads: 2, parameter: .pause(pause), unit: unit, samples: Array(repeating: value, count: 9)))
      }
    }
  }
  return Calibration(ceilings: ceilings, series: series)
}

@Suite(.machine) struct CalibrationTests {
  private func host() throws -> Machine {
    try Machine.host(
      fullCalibration(), topology: Topology.read(), vendor: "AuthenticAMD", model: "Test CPU",
      date: Date(timeIntervalSince1970: 0))
  }

  @Test func `a series is a ceiling with median, interval and number of samples`() {
    let row = CalibrationSeries(name: "x", threads: 2, unit: "ns", samples: [3, 1, 2, 5, 4, 6, 7]).ceiling
    #expect(row.value == 4 && row.n == 7 && row.ci95Low == 1 && row.ci95High == 7)
    #expect(CalibrationSeries(name: "x", threads: 1, unit: "ns", samples: []).ceiling.value.isNaN)
  }

  @Test func `both extents end at the memory's working set, and the quick one has half the sizes`() {
    let quick = CalibrationExtent.quick.workingSets(upTo: 256 << 20)
    let full = CalibrationExtent.full.workingSets(upTo: 256 << 20)
    #expect(quick.first == 8 << 10 && quick.last == 256 << 20 && full.last == 256 << 20)
    #expect(Set(quick).isSubset(of: full) && quick == full.filter { $0.nonzeroBitCount == 1 })
    #expect(CalibrationExtent.quick.pauses.last == 0 && CalibrationExtent.full.pauses.last == 0)
  }

  @Test func `pairs of bandwidth and latency come by rising pressure`() {
    let points = fullCalibration().loadedLatency(.copies, threads: 2)
    #expect(points.map(\.gigabytesPerSecond) == [2, 30, 50, 60])
    #expect(fullCalibration().loadedLatency(.copies, threads: 3).isEmpty)
  }

  @Test func `the host's memory has measured curves, lines in flight and stores`() throws {
    let memory = try #require(try host().memory.first)
    #expect(memory.curve.map(\.readRatio) == [0, 0.5, 0.667, 1])
    let reads = try #require(memory.curve.last)
    #expect(reads.points.first?.gigabytesPerSecond == 0)
    #expect(reads.points.first?.nanoseconds == memory.idleLatencyNanoseconds)
    #expect(reads.points.dropFirst().prefix(3).map(\.gigabytesPerSecond) == [2, 30, 50])
    // The rate of 20 chains, 12.8 GB/s, at the file's idle latency.
    let lines = try #require(memory.randomLinesInFlightPerCore)
    #expect(abs(lines - 12.8 * memory.idleLatencyNanoseconds / 64) < 0.001)
    // The sustained value of the five fastest successive samples around 9.
    #expect(memory.streamStoreGigabytesPerSecondPerCore == 9.027)
    #expect(memory.writeGigabytesPerSecondPerCore != nil)
  }

  @Test func `undisturbed, rates and times are the best that five samples in a row sustain`() {
    let calibration = fullCalibration().undisturbed
    let fastest = [1.001, 1.002, 1.003, 1.004, 1.005].reduce(0) { $0 + 1 / (3 * $1) }
    #expect(abs((calibration.value(Calibration.Name.frequency) ?? 0) - 5 / fastest) < 1e-12)
    let latency = calibration.ceilings.first { $0.name == Calibration.Name.loadLatency }
    #expect(abs((latency?.value ?? 0) - 1.5 * 0.997) < 1e-12 && latency?.ci95Low == nil)
  }

  @Test func `a lone fast sample is not sustained, and rates are averaged by the time that they take`() {
    func sustained(_ unit: String, _ samples: [Double]) -> Double? {
      CalibrationSeries(name: "x", threads: 1, unit: unit, samples: samples).sustained
    }
    #expect(sustained("ns", [1, 9, 9, 9, 9, 4, 4, 4, 4, 4, 9]) == 4)
    #expect(sustained("GB/s", [100, 1, 1, 1, 1, 2, 2, 2, 4, 4]) == 2.5)
    #expect(sustained("GB/s", [2, 4]) == 1 / 0.375)
    #expect(sustained("ns", []) == nil)
  }

  @Test func `of a setting under load the sample with the least latency stands, with its own bandwidth`() {
    let series = [
      (Calibration.Name.loadedBandwidth(.reads), "GB/s", [9.0, 11, 10]),
      (Calibration.Name.loadedLatency(.reads), "ns", [150.0, 170, 120]),
    ].map { CalibrationSeries(name: $0.0, threads: 2, parameter: .pause(0), unit: $0.1, samples: $0.2) }
    let points = Calibration(ceilings: [], series: series).undisturbed.loadedLatency(.reads, threads: 2)
    #expect(points == [LoadedLatencyCurve.Point(gigabytesPerSecond: 10, nanoseconds: 120)])
  }

  @Test func `the host's file passes every check and says who measured what and when`() throws {
    let machine = try host()
    let check = try MachineCheck(text: machine.yaml(), file: "host.yaml")
    #expect(check.problems.isEmpty, "\(check.problems)")
    #expect(check.machine == machine)
    for key in [
      "memory[0].curve", "memory[0].random_lines_in_flight_per_core", "memory[0].write_gbps_per_core",
      "memory[0].stream_store_gbps_per_core", "caches[0].write_bytes_per_cycle", "frequency_ghz",
    ] {
      let provenance = try #require(machine.provenance[key], "\(key)")
      #expect(provenance.tag == .measured)
      #expect(provenance.source.hasSuffix("; 1970-01-01, Test CPU"), "\(provenance.source)")
    }
  }

  @Test func `latency tells whether the operating system's capacities are true`() throws {
    let topology = Topology.read()
    let verdicts = fullCalibration().cacheVerdicts(topology)
    #expect(verdicts.count == topology.dataCaches(of: topology.allowedCPUs.first ?? 0).count)
    #expect(verdicts.allSatisfy { $0.agrees }, "\(verdicts)")
    let source = try #require(try host().provenance["caches[0].size"]?.source)
    #expect(source.contains("within one measured size"))
  }

  @Test func `a machine file describes one socket`() {
    let topology = Topology.read()
    #expect((1...topology.coreCount).contains(topology.socketCores))
    #expect((1...topology.socketCores).contains(topology.allowedSocketCores))
  }
}
