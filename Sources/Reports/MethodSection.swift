import Plans
import RunStore
import Statistics
import Support

extension RunData {
  var methodSection: String {
    var lines = [
      "Every point's output was checked against the reference before it was timed; a point that failed has no numbers.",
      "Times are medians over passes through all tokens, with a nonparametric 95 % interval from order statistics. A "
        + "speed-up's interval divides the far ends of the two intervals. Outliers (modified z-score above 10) are "
        + "flagged and kept.",
      (experiment?.order == .asWritten
        ? "Points ran in the order of the experiment" : "Points ran in an order shuffled with seed \(manifest.seed)")
        + ", each in a process of its own.",
    ]
    // The manifest holds the text that was run, hence also the stop rule.
    if let experiment {
      let measure = experiment.measure
      lines.append(
        "A point stopped after at least \(measure.minSamples) samples and \(significant(measure.minSeconds)) s once half "
          + "its interval was within \(percent(measure.intervalWidth)) of the median, or after "
          + "\(significant(measure.maxSeconds)) s; warm-up \(significant(measure.warmupSeconds)) s; "
          + (measure.launches == 1
            ? "one process."
            : "\(measure.launches) processes, in rounds over all points, whose samples are pooled."))
    }
    let samples = measured.compactMap(\.n)
    if let least = samples.min(), let most = samples.max() {
      lines.append("Samples per point: \(least) to \(most).")
    }
    let overheads = attempts.compactMap(\.overheadSeconds).sorted()
    if let most = overheads.last {
      lines.append(
        "Starting a process and hearing from it took \(significant(quantile(overheads, 0.5) * 1e3)) ms a launch in the "
          + "median, \(significant(most * 1e3)) ms at most.")
    }
    let deaths = attempts.count { $0.status == .died }
    if deaths > 0 {
      lines.append("\(counted(deaths, "attempt")) ended with the death of its process: see attempts.csv.")
    }
    for (reason, rows) in grouped(measured.filter { $0.stopReason != nil }, by: { $0.stopReason?.rawValue ?? "" }) {
      lines.append("Stop reason \(markdownCode(reason)): \(counted(rows.count, "point")).")
    }
    return "## Method\n\n" + lines.map { "- \($0)\n" }.joined() + "\nCommand: \(markdownCode(command))\n\n"
  }

  var command: String { manifest.command }
}

extension Manifest {
  /// The command line as a shell would take it.
  var command: String {
    commandLine.map(shellQuoted).joined(separator: " ")
  }
}
