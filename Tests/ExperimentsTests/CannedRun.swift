import Foundation
import Kernels
import Profiler

@testable import HostModel
@testable import Measurement
@testable import Plans
@testable import RunStore
@testable import Studies

/// Ceilings of a made-up machine with the geometry of this one.
func cannedCalibration() -> Calibration {
  func row(_ name: String, _ value: Double, _ unit: String, bytes: Int? = nil) -> CeilingRow {
    CeilingRow(name: name, threads: 1, workingSetBytes: bytes, value: value, unit: unit)
  }
  let sizes = (13...28).map { 1 << $0 }
  let first = 32 << 10
  return Calibration(
    ceilings: [
      row(Calibration.Name.frequency, 3, "GHz"),
      row(Calibration.Name.multiplyAddPeak, 2 * Double(ISA.best.vectorLanes) * 3 * 2, "GFLOP/s"),
      row(Calibration.Name.copyBandwidth, 20, "GB/s", bytes: sizes.last),
    ] + sizes.map { row(Calibration.Name.readBandwidth, $0 <= first ? 300 : 20, "GB/s", bytes: $0) }
      + sizes.map { row(Calibration.Name.loadLatency, $0 <= first ? 1 : 100, "ns", bytes: $0) })
}

/// Runs a launch in this process; the request and the report go through JSON all the same.
struct InThisProcess: Launcher {
  func launch(_ request: LaunchRequest, seconds: Double) -> LaunchEnding {
    do {
      let read = try LaunchCoding.decoder.decode(LaunchRequest.self, from: LaunchCoding.encoder.encode(request))
      let report = try LaunchCoding.encoder.encode(PointRunner.report(on: read))
      return .reported(try LaunchCoding.decoder.decode(LaunchReport.self, from: report))
    } catch { return .died("\(error)") }
  }
}

/// Receives every request before another launcher does, and may answer it.
final class Interceptor: Launcher {
  private(set) var requests: [LaunchRequest] = []
  private let answer: (LaunchRequest) -> LaunchEnding?

  init(_ answer: @escaping (LaunchRequest) -> LaunchEnding? = { _ in nil }) {
    self.answer = answer
  }

  func launch(_ request: LaunchRequest, seconds: Double) -> LaunchEnding {
    requests.append(request)
    return answer(request) ?? InThisProcess().launch(request, seconds: seconds)
  }
}

/// Starts or resumes a run of `experiment` at `path` with canned ceilings, an audit of harmless candidates, and launches in
/// this process unless another launcher is given.
@discardableResult
func run(
  _ experiment: Experiment, at path: String, launcher: any Launcher = InThisProcess(),
  options: SweepRunner.Options = SweepRunner.Options(), isInterrupted: @escaping () -> Bool = { false },
  calibrate: @escaping (Int) throws -> Calibration = { _ in cannedCalibration() }
) throws -> (RunDirectory, [RunEvent]) {
  let manifest = Manifest(experiment: experiment, commandLine: ["lookahead"], host: "h", toolVersion: "1")
  let directory = try RunDirectory.createOrResume(at: path, plan: Plan(experiment, cpuCount: 1), manifest: manifest)
  let events = try run(
    experiment, in: directory, launcher: launcher, options: options, isInterrupted: isInterrupted, calibrate: calibrate)
  return (directory, events)
}

/// Runs in a directory that is open already, and projects the measured points.
@discardableResult
func run(
  _ experiment: Experiment, in directory: RunDirectory, launcher: any Launcher = InThisProcess(),
  options: SweepRunner.Options = SweepRunner.Options(), isInterrupted: @escaping () -> Bool = { false },
  calibrate: @escaping (Int) throws -> Calibration = { _ in cannedCalibration() },
  report: @escaping (RunEvent) -> Void = { _ in }
) throws -> [RunEvent] {
  var events: [RunEvent] = []
  let inputs = try RunInputs(experiment)
  func note(_ event: RunEvent) {
    events.append(event)
    report(event)
  }
  try SweepRunner(
    experiment: experiment, inputs: inputs, directory: directory, topology: .read(), options: options,
    steps: RunSetup.Steps(
      calibrate: calibrate,
      audit: { layers, peaks in
        // In this process, so that no core type is forced that could end it.
        BaselineAudit(
          layers, candidates: LibraryCandidates.all(isas: [.scalar]), peaks: peaks, measure: CandidateReport.measure)
      }),
    launcher: launcher, isInterrupted: isInterrupted,
    report: note
  ).run()
  try ProjectionSweep(experiment, in: directory, inputs: inputs, isInterrupted: isInterrupted, report: note).run()
  return events
}
