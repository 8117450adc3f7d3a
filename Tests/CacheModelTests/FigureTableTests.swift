import Foundation
import Support
import Testing

@testable import AccessStreams
@testable import Machines
@testable import Projection
@testable import Simulation

/// Every figure that the table lists is read, written, checked, moved and documented.
@Suite struct FigureTableTests {
  /// A machine that states every figure of the table, each with a value of its own.
  static func full() -> Machine {
    let rows = [RandomRowRate(rowBytes: 128, rate: 7.5), RandomRowRate(rowBytes: 512, rate: 9.25)]
    func cache(_ level: Int) -> CacheDescription {
      CacheDescription(
        name: "L\(level)", sizeBytes: 4096 << (3 * (level - 1)), ways: 8, sharedByCores: level == 3 ? 8 : 1,
        latencyCycles: 4.5 * Double(level * level), bytesPerCycle: 90.5 / Double(level),
        writeBytesPerCycle: 40.25 / Double(level), randomRows: rows, randomRowPieces: rows)
    }
    return Machine(
      name: "full", cores: 16, effectiveCores: 12.5, frequencyGHz: 2.75,
      simd: VectorUnits(
        isa: "avx512", widthBits: 512, fmaUnits: 2, bf16PerCycle: 60.5, int8PerCycle: 120.5, gemmEfficiency: 0.85,
        latencyCycles: 4.5, schedulerWindow: 90.5, issueWidth: 5.5),
      caches: (1...3).map(cache), transfersOverlap: true, overlap: 0.625,
      memory: [
        MemoryDescription(
          name: "ddr", channels: 2, transferMegatransfers: 4800, peakGigabytesPerSecond: 76.8,
          idleLatencyNanoseconds: 100.5,
          curve: [
            LoadedLatencyCurve(
              readRatio: 1,
              points: [
                .init(gigabytesPerSecond: 1.5, nanoseconds: 101.5), .init(gigabytesPerSecond: 60.5, nanoseconds: 180.5),
              ])
          ],
          linesInFlightPerCore: 30.5, randomLinesInFlightPerCore: 20.5, writeGigabytesPerSecondPerCore: 9.5,
          streamStoreGigabytesPerSecondPerCore: 14.5, randomRows: rows, randomRowPieces: rows)
      ],
      numa: NUMADescription(nodes: 2, remoteLatencyNanoseconds: 180.5, linkGigabytesPerSecond: 40.5))
  }

  /// The key path without the number of the level or memory.
  private func anyLevel(_ path: String) -> String {
    ["[0]", "[1]", "[2]"].reduce(path) { $0.replacingOccurrences(of: $1, with: "[]") }
  }

  private static let paths = full().figures.map(\.path)

  private func figure(_ path: String) throws -> PlacedFigure {
    try #require(FigureTableTests.full().figures.first { $0.path == path })
  }

  private func json(_ machine: Machine) throws -> NSDictionary {
    try #require(try JSONSerialization.jsonObject(with: JSONEncoder().encode(machine)) as? NSDictionary)
  }

  @Test func `the machine of these tests states every figure, and every path is one of its own`() {
    let machine = FigureTableTests.full()
    for figure in machine.figures { #expect(figure.isStated(machine), "\(figure.path)") }
    #expect(Set(FigureTableTests.paths).count == FigureTableTests.paths.count)
    #expect(machine.figurePaths == FigureTableTests.paths)
  }

  @Test func `a machine with every figure reads back equal, and none of its figures is refused`() throws {
    let machine = FigureTableTests.full()
    #expect(try Machine(text: machine.yaml(), file: "full.yaml") == machine)
    let check = try MachineCheck(text: machine.yaml(), file: "full.yaml")
    #expect(check.problems.isEmpty, "\(check.problems)")
  }

  @Test(arguments: paths)
  func `a figure's change shows in YAML and in JSON, and reads back`(path: String) throws {
    let machine = FigureTableTests.full()
    let figure = try figure(path)
    var changed = machine
    if let own = figure.value(machine), let range = figure.range {
      // One step up or down, or one part in a thousand.
      let step = figure.unit == .bytes ? own : max(figure.step, own / 1024)
      figure.set(&changed, own + step <= range.upperBound ? own + step : own - step)
    } else {
      figure.scale(&changed, FigureFactors(1.25))
      figure.move(&changed, FigureFactors(1.25))
    }
    guard changed != machine else {
      #expect(figure.range == nil, "a number that cannot be set")
      return
    }
    #expect(changed.yaml() != machine.yaml())
    #expect(try json(changed) != json(machine))
  }

  @Test(arguments: paths)
  func `a number beyond its range is refused where it is read`(path: String) throws {
    let machine = FigureTableTests.full()
    let figure = try figure(path)
    guard let range = figure.range else { return }
    for value in [range.lowerBound - 1, 4 * range.upperBound] {
      var changed = machine
      figure.set(&changed, value)
      let problems = try MachineCheck(text: changed.yaml(), file: "m.yaml").problems
      #expect(problems.contains { $0.key == path }, "\(value): \(problems)")
    }
  }

  @Test(arguments: paths)
  func `a figure may name its source`(path: String) throws {
    var machine = FigureTableTests.full()
    machine.provenance = [path: Provenance(tag: .measured, source: "a test")]
    #expect(try MachineCheck(text: machine.yaml(), file: "m.yaml").problems.isEmpty)
    #expect(machine.tag(of: path) == .measured)
  }

  // MARK: - In projections

  /// Phases that are each bound by another resource: vector units, the first level, chains, and every further level
  /// and memory, with streams, with random rows and with the first lines of few random rows.
  private struct Mixture: Workload {
    var tokens: Int { 100 }
    let threads: Int
    let phases: [PhaseWork]
    /// Bytes that each thread reads repeatedly, by phase.
    private var regions: [Int: UInt64] = [:]

    init(threads: Int) {
      self.threads = threads
      var phases = [
        PhaseWork(name: "fp32", multiplyAdds: 1e8), PhaseWork(name: "bf16", multiplyAdds: 1e8, operands: .bf16),
        PhaseWork(name: "int8", multiplyAdds: 1e8, operands: .int8), PhaseWork(name: "loads", loadBytes: 1e8),
        PhaseWork(name: "stores", storeBytes: 1e8), PhaseWork(name: "issue", scalarInstructions: 1e8),
        PhaseWork(name: "chains", chains: Chains(steps: 1e8, operations: 30)),
      ]
      // The sizes fit into the second level, almost fill the second and the third, fit into the third, or exceed it.
      for bytes in [3 << 10, 3968, 24 << 10, 31 << 10, 200 << 10, 31 << 13, 2 << 20] as [UInt64] {
        for (rows, load) in [(0.0, 0.0), (1, 0), (64, 0), (64, 1e5)] {
          regions[phases.count] = bytes
          phases.append(
            PhaseWork(
              name: "region", multiplyAdds: load * 100, loadBytes: load, independentRows: rows,
              rowBytes: rows > 0 ? 256 : 0))
        }
      }
      self.phases = phases
    }

    func emit(to stream: AccessStream) {
      for (phase, bytes) in regions.sorted(by: { $0.key < $1.key }) {
        stream.enter(phase: phase)
        for _ in 0..<2 {
          for core in 0..<UInt64(threads) {
            stream.core = UInt16(core)
            for row in 0..<bytes / 256 {
              let address = core << 40 | UInt64(phase) << 32 | row * 256
              if phases[phase].rowBytes > 0 {
                stream.gather(address, bytes: 256)
              } else {
                stream.read(address, bytes: 256)
              }
            }
          }
        }
      }
    }
  }

  private func sensitivities(
    threads: Int, _ matrix: TrafficMatrix = .local, movesCapacities: Bool = false
  ) throws -> [Sensitivity] {
    let (job, machine) = (Mixture(threads: threads), FigureTableTests.full())
    return try Sensitivity.all(
      phases: job.phases, tokens: job.tokens, threads: job.threads,
      traffic: Traffic(simulating: job, on: machine), on: machine, options: .init(matrix: matrix),
      source: movesCapacities ? SimulatedTraffic(job) : nil)
  }

  @Test func `every figure has a sensitivity or says why not`() throws {
    let listed = Set(try sensitivities(threads: 1, movesCapacities: true).map(\.parameter))
    for figure in FigureTableTests.full().figures {
      #expect(listed.contains(figure.path) == (figure.whyNoSensitivity == nil), "\(figure.path)")
    }
    // docs/reference/model.md names these as left out; all other figures of the timing equations have a row.
    let left = FigureTableTests.full().figures.filter { $0.whyNoSensitivity != nil && $0.range != nil }.map(\.path)
    #expect(
      Set(left.map(anyLevel)) == [
        "cores", "simd.width_bits", "simd.fma_units", "caches[].ways", "caches[].line", "caches[].shared_by",
        "caches[].latency_cycles", "caches[].write_bytes_per_cycle", "memory[].channels", "memory[].transfer_mts",
        "memory[].random_lines_in_flight_per_core", "memory[].write_gbps_per_core",
        "memory[].stream_store_gbps_per_core", "numa.nodes",
      ])
  }

  /// A row that nothing moves would be a figure that no equation uses.
  @Test func `every figure with a sensitivity moves some projection, in the direction that the table says`() throws {
    let near = try sensitivities(threads: 1) + sensitivities(threads: 16)
    let far = try [1, 16].flatMap { try sensitivities(threads: $0, TrafficMatrix(remoteShare: 1)) }
    for figure in FigureTableTests.full().figures where figure.whyNoSensitivity == nil && !figure.changesTraffic {
      // The link shows only in remote traffic.
      let own = (figure.path.hasPrefix("numa.") ? far : near).filter { $0.parameter == figure.path }
      #expect(own.contains { $0.swing > 1e-6 * $0.tokensPerSecondAtPlusTenth }, "\(figure.path)")
      for one in own {
        let (less, more) = (one.tokensPerSecondAtMinusTenth, one.tokensPerSecondAtPlusTenth)
        if figure.role == .rate { #expect(more >= less * (1 - 1e-9), "\(figure.path)") }
        if figure.role == .delay { #expect(more <= less * (1 + 1e-9), "\(figure.path)") }
      }
    }
  }

  @Test func `a capacity's sensitivity is that of another simulation`() throws {
    let all = try sensitivities(threads: 1, movesCapacities: true)
    for level in 0..<3 {
      let size = try #require(all.first { $0.parameter == "caches[\(level)].size" })
      #expect(size.tokensPerSecondAtPlusTenth > size.tokensPerSecondAtMinusTenth)
    }
  }

  @Test func `a band moves the figures that docs/reference/model.md says, each by its own uncertainty`() throws {
    let machine = FigureTableTests.full()
    let moved = try FigureUncertainties(of: machine).stated.map(\.figure.path)
    let kept = machine.figures.filter { !moved.contains($0.path) }
    // Figures that move with another figure are moved too.
    #expect(kept.allSatisfy { $0.whyNotInBand != nil })
    #expect(
      Set(kept.filter { $0.role == .rate }.map { anyLevel($0.path) }) == [
        "effective_cores", "caches[].random_row_pieces", "memory[].random_row_pieces",
      ])
    for path in moved {
      var precise = machine
      precise.provenance = [path: Provenance(tag: .measured, source: "a test")]
      let uncertainties = try FigureUncertainties(of: precise).stated
      for (figure, uncertainty) in uncertainties {
        #expect(uncertainty == (figure.path == path || figure.path.hasPrefix(path + ".") ? 0.05 : 0.25))
      }
    }
  }

  @Test(arguments: paths)
  func `moving a figure moves nothing else`(path: String) throws {
    let machine = FigureTableTests.full()
    let figure = try figure(path)
    guard figure.whyNotInBand == nil else { return }
    var moved = machine
    figure.move(&moved, FigureFactors(rate: 0.95, delay: 1.05))
    #expect(moved != machine)
    for other in machine.figures where other.path != path {
      #expect(other.value(moved) == other.value(machine), "\(other.path)")
    }
  }

  // MARK: - Documentation

  @Test func `docs/reference/model.md lists the figures as the table has them`() throws {
    let root = fixtures.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appendingPathComponent("docs/reference/model.md"), encoding: .utf8)
    let rows = Machine.figureTable
    let table = rows.joined(separator: "\n")
    #expect(text.contains(table), "the table of figures should be:\n\(table)")
  }
}
