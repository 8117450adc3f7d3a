import Foundation
import Machines
import Profiler
import Support
import Testing

@testable import HostModel
@testable import Measurement
@testable import Plans
@testable import RunStore
@testable import Studies

/// Runs that calibrate their host before each round of launches.
@Suite struct CalibrationRoundsTests {
  private func experiment(_ when: String = "every-launch", launches: Int = 3) throws -> Experiment {
    try ExperimentsTests.experiment(
      """
      seed: 3
      defaults: {kernel: lookup, threads: 1, hidden: 16, tokens: 16, tables: 2, block_size: 8}
      sweeps: [{name: a, axes: {table_rows: [4, 16]}}]
      measure: {min_samples: 6, min_seconds: 0, max_seconds: 0.01, warmup_seconds: 0, launches: \(launches), calibrate: \(when)}
      machines: [grace, host]
      """)
  }

  /// A calibration with as many samples for each ceiling as a sustained value needs, of a core that runs `speed`
  /// times as fast as the canned one.
  private func sampled(speed: Double) -> Calibration {
    var calibration = Calibration(ceilings: [])
    for row in cannedCalibration().ceilings {
      let isTime = row.unit == MicroBenchmarkResult.Unit.nanoseconds.rawValue
      calibration.add(
        CalibrationSeries(
          name: row.name, threads: row.threads, workingSetBytes: row.workingSetBytes, unit: row.unit,
          samples: Array(
            repeating: isTime ? row.value / speed : row.value * speed, count: CalibrationSeries.sustainedSamples)))
    }
    return calibration
  }

  /// The speeds of the calibrations, in their order.
  private static let speeds = [1.0, 1.5, 0.75]

  @Test func `each round has its calibration, and the machine file takes the best of all`() throws {
    try withTemporaryDirectory { path in
      var taken: [Int] = []
      let launcher = Interceptor()
      let (directory, _) = try run(
        experiment(), at: path, launcher: launcher,
        calibrate: { _ in
          defer { taken.append(launcher.requests.count) }
          return sampled(speed: Self.speeds[taken.count])
        })
      #expect(taken == [0, 2, 4])
      // Launches keep the host of the first calibration.
      #expect(Set(launcher.requests.map(\.hostMachine)).count == 1)

      let host = try Machine(contentsOf: "\(path)/host.yaml")
      #expect(host.frequencyGHz == 4.5)
      let ceilings = try directory.store.rows(CeilingRow.self)
      #expect(ceilings.map(\.name) == cannedCalibration().ceilings.map(\.name))
      #expect(ceilings.allSatisfy { $0.n == 3 * CalibrationSeries.sustainedSamples })
      #expect(ceilings.first { $0.name == Calibration.Name.frequency }?.value == 3)
    }
  }

  @Test func `projections are onto the host as it is described in the end, beside what was measured`() throws {
    try withTemporaryDirectory { path in
      var count = 0
      let (directory, _) = try run(
        experiment(), at: path,
        calibrate: { _ in
          defer { count += 1 }
          return sampled(speed: Self.speeds[count])
        })
      let host = try Machine(contentsOf: "\(path)/host.yaml")
      let anew = try Projector(runID: "r", machines: [host], host: host.name).outcomes(
        directory.plan.points, experiment: directory.experiment())
      let rows = try directory.store.rows(ProjectionRow.self)
      // In the order in which the points were measured, then by machine.
      #expect(rows.map(\.machine) == ["host", "grace", "host", "grace"])
      let measured = try directory.store.rows(ResultRow.self)
      for outcome in anew {
        let expected = try #require(outcome.rows.first)
        let row = try #require(rows.first { $0.pointID == expected.pointID && $0.machine == "host" })
        #expect(row.tokensPerSecond == expected.tokensPerSecond)
        #expect(row.measuredTokensPerSecond == measured.first { $0.pointID == row.pointID }?.tokensPerSecond)
        let swings = try directory.store.rows(SensitivityRow.self).filter {
          $0.pointID == row.pointID && $0.machine == "host"
        }
        #expect(
          swings.map(\.tokensPerSecondAtPlusTenth).sorted()
            == outcome.sensitivities.map(\.tokensPerSecondAtPlusTenth).sorted())
        let stages = try directory.store.rows(StageRow.self).filter { $0.pointID == row.pointID }
        #expect(stages.map(\.modelledNanosecondsPerToken) == outcome.stages.map(\.modelledNanosecondsPerToken))
        #expect(stages.allSatisfy { $0.measuredNanosecondsPerToken != nil })
      }
      #expect(try String(contentsOfFile: "\(path)/projections.csv", encoding: .utf8).contains("host"))
    }
  }

  @Test func `a run that goes on adds to the calibrations before it, and calibrates no round twice`() throws {
    try withTemporaryDirectory { path in
      var taken: [Double] = []
      func start(interruptedAt launch: Int?) throws {
        var count = 0
        try run(
          experiment(), at: path,
          launcher: Interceptor { _ in
            count += 1
            return count == launch ? .reported(LaunchReport()) : nil
          },
          calibrate: { _ in
            taken.append(Self.speeds[taken.count])
            return sampled(speed: taken[taken.count - 1])
          })
      }
      // Stopped in the middle of the second round, after the fastest calibration.
      #expect(throws: Interrupted.self) { try start(interruptedAt: 4) }
      #expect(try Machine(contentsOf: "\(path)/host.yaml").frequencyGHz == 3)
      try start(interruptedAt: nil)
      #expect(taken == Self.speeds)
      #expect(try Machine(contentsOf: "\(path)/host.yaml").frequencyGHz == 4.5)
      // Nothing is left to do.
      let before = try Data(contentsOf: URL(fileURLWithPath: "\(path)/projections.csv"))
      try start(interruptedAt: nil)
      #expect(taken == Self.speeds)
      #expect(try Data(contentsOf: URL(fileURLWithPath: "\(path)/projections.csv")) == before)
    }
  }

  @Test func `a run that is stopped before its host is described anew does so when it goes on`() throws {
    try withTemporaryDirectory { path in
      var count = 0
      let launcher = Interceptor()
      func start(_ isInterrupted: @escaping () -> Bool) throws -> [RunEvent] {
        try run(
          experiment(), at: path, launcher: launcher, isInterrupted: isInterrupted,
          calibrate: { _ in
            defer { count += 1 }
            return sampled(speed: Self.speeds[count])
          }
        ).1
      }
      // Stopped after the last launch, when only the projection is left.
      #expect(throws: Interrupted.self) { try start { launcher.requests.count == 6 } }
      #expect(try Machine(contentsOf: "\(path)/host.yaml").frequencyGHz == 3)
      #expect(try RunDirectory(opening: path).manifest.finished == nil)
      let events = try start { false }
      #expect(launcher.requests.count == 6)
      #expect(try Machine(contentsOf: "\(path)/host.yaml").frequencyGHz == 4.5)
      #expect(
        events.contains {
          if case .message("projecting 2 points onto host, grace") = $0 { true } else { false }
        })
    }
  }

  @Test func `calibrated once is the default, and costs the least time`() throws {
    #expect(Measure().calibrate == .once)
    #expect(
      TimeEstimate.preparationSeconds(try experiment().measure)
        > TimeEstimate.preparationSeconds(try experiment("once").measure))
    #expect(
      complaint("measure: {calibrate: always}\nsweeps: [{name: a, set: {kernel: lookup}}]")?
        .contains("every-launch") == true)
  }
}
