import Foundation
import Kernels
import Statistics

/// A point's row over the samples of all of its launches.
struct PooledLaunches {
  var result: ResultRow
  /// The samples of all launches, with outliers flagged among all of them.
  var samples: [SampleRow]
  /// The note about all launches together.
  var note: NoteRow?

  /// `new` is the latest launch, `earlier` the row before it, and `samples` holds the samples of the other launches.
  init(_ new: PointOutcome, earlier: ResultRow?, samples others: [SampleRow], fmaPeak: Double?) {
    result = new.result
    samples = (others + new.samples).sorted { $0.orderIndex < $1.orderIndex }
    guard let statistics = Statistics(samples.map(\.wallNanoseconds)) else { return }
    for index in samples.indices { samples[index].outlier = statistics.outliers[index] }
    let launches = Dictionary(grouping: samples, by: \.launch)
    result.launches = launches.count
    guard let earlier else { return }

    // If one launch stopped at the limit, the interval of all was not narrow enough.
    let reasons = [earlier.stopReason, new.result.stopReason]
    result.set(statistics, stopReason: reasons.contains(.maxSeconds) ? .maxSeconds : new.result.stopReason)
    if let gigaflops = result.gigaflopPerSecond, let fmaPeak { result.fractionOfFMAPeak = gigaflops / fmaPeak }
    result.maxAbsError = Self.most(earlier.maxAbsError, result.maxAbsError)
    result.codeMismatches = Self.most(earlier.codeMismatches, result.codeMismatches)
    if let variance = LaunchVariance(launches.sorted { $0.key < $1.key }.map { $0.value.map(\.wallNanoseconds) }) {
      result.betweenLaunchNanoseconds = variance.betweenLaunches
      result.withinLaunchNanoseconds = variance.withinLaunch
      if variance.betweenDominates {
        note = NoteRow(
          runID: result.runID, pointID: result.pointID, kind: .launches,
          text: "launches differ more than samples of one do: the interval, over all samples, is too narrow")
      }
    }
  }

  private static func most<Value: Comparable>(_ one: Value?, _ other: Value?) -> Value? {
    [one, other].compactMap { $0 }.max()
  }
}
