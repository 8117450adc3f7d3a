import Foundation
import Kernels
import Machines
import PlanSupport
import Profiler
import Projection
import Testing

@testable import HostModel
@testable import Measurement
@testable import Plans
@testable import RunStore

@Suite struct SweepRunnerTests {
  private static let body = """
    defaults: {threads: 1, hidden: 64, tokens: 48}
    sweeps:
      - {name: lookup, set: {kernel: lookup, tables: 4, projection: bh4}, axes: {table_rows: [4, 16], memory: [local, interleave]}}
      - {name: dense, set: {kernel: dense, intermediate: 96}}
      - {name: recorded, set: {kernel: lookup, layer: \(fixture("lookupffn-bh4-d64-repeat2.safetensors")), codes: recorded, tokens: 40}}
      - {name: too-many, set: {kernel: lookup, layer: \(fixture("lookupffn-bh4-d64-repeat2.safetensors")), codes: recorded, tokens: 41}}
    measure: {min_samples: 6, min_seconds: 0, max_seconds: 0.02, warmup_seconds: 0}
    counters: [software]
    machines: [host, grace]
    """

  @Test func `a sweep leaves every point with a status, and its files`() throws {
    try withTemporaryDirectory { path in
      let (directory, events) = try run(experiment(Self.body), at: path)
      let results = try directory.store.rows(ResultRow.self)
      #expect(results.count == 7)
      for row in results where row.sweep != "too-many" { #expect(row.status == .passed, "\(row.reason ?? "")") }
      let tooMany = try #require(results.first { $0.sweep == "too-many" })
      #expect(tooMany.status == .skipped)
      #expect(tooMany.reason?.contains("holds 40 tokens") == true)

      for row in results where row.status == .passed && row.kernel == .lookup {
        #expect(row.codeMismatches == 0)
        #expect(row.codeEntropyBits ?? 0 > 0)
      }
      // The dense point ran on the audit's choice.
      let audit = try directory.store.rows(AuditRow.self)
      #expect(Set(audit.compactMap(\.layer)) == ["dense 64-96-64"])
      let chosen = try #require(audit.first { $0.chosen })
      let blas = [chosen.library, chosen.version, chosen.coreType].compactMap { $0 }.joined(separator: " ")
      #expect(results.first { $0.kernel == .dense }?.blas == blas)
      #expect(events.contains { if case .message("the dense baseline is \(blas)") = $0 { true } else { false } })

      let projections = try directory.store.rows(ProjectionRow.self)
      #expect(Set(projections.map(\.machine)) == ["host", "grace"])
      #expect(projections.allSatisfy { ($0.machine == "host") == ($0.measuredTokensPerSecond != nil) })

      for file in [
        "manifest.json", "plan.jsonl", "results.sqlite", "host.yaml", "results.csv", "samples.csv", "counters.csv",
        "projections.csv", "stages.csv", "ceilings.csv", "audit.csv", "facts.csv",
      ] {
        #expect(FileManager.default.fileExists(atPath: "\(path)/\(file)"), "\(file)")
      }
      #expect(try Machine(contentsOf: "\(path)/host.yaml").keysMissingForProjection.isEmpty)
      let finished = events.filter { if case .finished = $0 { true } else { false } }
      #expect(finished.count == 7)
    }
  }

  @Test func `running again measures only what is missing`() throws {
    try withTemporaryDirectory { path in
      let first = try run(experiment(Self.body), at: path).0.store.rows(SampleRow.self)
      let (directory, events) = try run(experiment(Self.body), at: path)
      let started = events.compactMap { event -> String? in
        if case .started(let point, _) = event { point.sweep } else { nil }
      }
      // A skipped point is tried again, because the reason may no longer hold.
      #expect(started == ["too-many"])
      #expect(try directory.store.rows(SampleRow.self) == first)
    }
  }

  @Test func `a misspelt counter group or machine is refused before anything is written`() throws {
    for (key, name, known) in [("counters", "sofware", "software"), ("machines", "epyc-7764", "epyc-7763")] {
      let experiment = try experiment("sweeps: [{name: a, set: {kernel: dense}}]\n\(key): [\(name)]")
      do {
        _ = try RunInputs(experiment)
        Issue.record("\(name) was accepted")
      } catch {
        #expect("\(error)".contains(name) && "\(error)".contains(known), "\(error)")
      }
    }
  }
}

@Suite struct HostMachineTests {
  private let topology = Topology.read()

  @Test func `the host's rates are the calibration's, in the model's units`() throws {
    let machine = try Machine.host(cannedCalibration(), topology: topology, vendor: "AuthenticAMD", model: "m")
    #expect(machine.frequencyGHz == 3)
    #expect(machine.simd?.fmaUnits == 2)
    #expect(machine.simd?.widthBits == 32 * ISA.best.vectorLanes)
    #expect(machine.caches.first?.latencyCycles == 3)
    #expect(machine.caches.first?.bytesPerCycle == 100)
    #expect(machine.transfersOverlap == true)
    let memory = try #require(machine.memory.first)
    #expect(memory.idleLatencyNanoseconds == 100)
    // Little's law: 20 GB/s x 100 ns / 64 B.
    #expect(memory.linesInFlightPerCore == 31.25)
    #expect(machine.tag(of: "memory[0].peak_gbps") == .measured)
    #expect(machine.tag(of: "caches[0].policy") == .assumed)
  }

  private func calibration(_ more: [CeilingRow]) -> Calibration {
    Calibration(ceilings: cannedCalibration().ceilings + more)
  }

  private func row(_ name: String, _ value: Double, threads: Int = 1, set: Int? = nil) -> CeilingRow {
    CeilingRow(name: name, threads: threads, workingSetBytes: set, value: value, unit: "")
  }

  @Test func `transfers overlap where rows and work were seen to hide each other, whoever made the core`() throws {
    let set = Calibration.secondLevelSet(topology.dataCaches(of: topology.allowedCPUs[0]).compactMap(\.sizeBytes))
    let seen = calibration([
      row(Calibration.Name.randomRows(CoreConstants.rowBytes), 50, set: set),
      row(CoreConstants.Name.busyRows, 60, set: 16 << 10), row(CoreConstants.Name.busyRows, 40, set: set),
    ])
    let machine = try Machine.host(seen, topology: topology, vendor: "GenuineIntel", model: nil)
    #expect(machine.transfersOverlap == true && machine.overlap == 0.7)
    #expect(machine.tag(of: "transfers_overlap") == .measured)
  }

  @Test func `cores count for as much as all threads' multiply-adds say`() throws {
    let peak = try #require(cannedCalibration().value(Calibration.Name.multiplyAddPeak))
    let halves = calibration([
      row(Calibration.Name.multiplyAddPeak, 4 * peak, threads: 8), row(Calibration.Name.readBandwidth, 20, threads: 8),
    ])
    let machine = try Machine.host(halves, topology: topology, vendor: nil, model: nil)
    #expect(machine.effectiveCores == Double(topology.socketCores) / 2)
    #expect(try Machine.host(cannedCalibration(), topology: topology, vendor: nil, model: nil).effectiveCores == nil)
  }

  @Test func `the product's share is of the peak that the file states, not of a slower clock's`() throws {
    let canned = cannedCalibration()
    let peak = try #require(canned.value(Calibration.Name.multiplyAddPeak))
    let slower = Calibration(
      ceilings: canned.ceilings.filter { $0.name != Calibration.Name.multiplyAddPeak }
        + [row(Calibration.Name.multiplyAddPeak, 0.9 * peak), row(Calibration.Name.productRate, 0.88 * peak)])
    let machine = try Machine.host(slower, topology: topology, vendor: nil, model: nil)
    #expect(machine.simd?.gemmEfficiency == 0.88)
  }

  @Test func `a plateau is the median of the sizes within, and nothing where there are none`() {
    func row(_ bytes: Int, _ value: Double) -> CeilingRow {
      CeilingRow(name: "b", threads: 1, workingSetBytes: bytes, value: value, unit: "GB/s")
    }
    let calibration = Calibration(ceilings: [row(1, 9), row(10, 3), row(11, 100), row(12, 5), row(90, 7)])
    #expect(calibration.plateau("b", within: 10...20) == 5)
    #expect(calibration.plateau("b", within: 13...20) == nil)
    #expect(calibration.plateau("c", within: 0...99) == nil)
  }

  @Test func `the host's file reads back as the same machine`() throws {
    let machine = try Machine.host(cannedCalibration(), topology: topology, vendor: "GenuineIntel", model: nil)
    #expect(try Machine(text: machine.yaml(), file: "host.yaml") == machine)
    #expect(machine.transfersOverlap == false)
  }

  @Test func `a calibration without a frequency makes no machine`() {
    #expect(throws: (any Error).self) {
      try Machine.host(Calibration(ceilings: []), topology: topology, vendor: nil, model: nil)
    }
  }
}
