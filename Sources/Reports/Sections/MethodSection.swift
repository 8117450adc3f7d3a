import Plans
import RunStore
import Statistics
import Support

/// How points were timed, and when sampling ended.
struct MethodSection: ReportSection {
  func section(of run: RunData) -> ReportDocument.Section? {
    let order: InlineText =
      run.experiment?.order == .asWritten
      ? "Points ran in the order of the experiment"
      : "Points ran in an order shuffled with seed \(run.manifest.seed)"
    var lines: [InlineText] = [
      "Every point's output was checked against the reference before it was timed; a point that failed has no numbers.",
      """
      Times are medians over passes through all tokens, with a nonparametric 95 % interval from order statistics. A \
      speed-up's interval divides the far ends of the two intervals. Outliers (modified z-score above 10) are flagged and \
      kept.
      """,
      "\(order), each in a process of its own.",
    ]
    // The manifest holds the text of the experiment that was run, including its stop rule.
    if let experiment = run.experiment {
      let measure = experiment.measure
      let processes: InlineText =
        measure.launches == 1
        ? "one process."
        : "\(measure.launches) processes, in rounds over all points, whose samples are pooled."
      lines.append(
        """
        A point stopped after at least \(measure.minSamples) samples and \(significant(measure.minSeconds)) s once half its \
        interval was within \(percent(measure.intervalWidth)) of the median, or after \(significant(measure.maxSeconds)) s; \
        warm-up \(significant(measure.warmupSeconds)) s; \(processes)
        """)
    }
    let samples = run.measured.compactMap(\.n)
    if let least = samples.min(), let most = samples.max() {
      lines.append("Samples per point: \(least) to \(most).")
    }
    let overheads = run.attempts.compactMap(\.overheadSeconds).sorted()
    if let most = overheads.last {
      lines.append(
        """
        Starting a process and receiving its report took \(significant(quantile(overheads, 0.5) * 1e3)) ms a launch \
        in the median, \(significant(most * 1e3)) ms at most.
        """)
    }
    let deaths = run.attempts.count { $0.status == .died }
    if deaths > 0 {
      lines.append("\(counted(deaths, "attempt")) ended with the death of its process: see attempts.csv.")
    }
    let stopped = run.measured.compactMap(\.stopReason)
    for (reason, points) in grouped(stopped, by: { $0 }) {
      lines.append("Stop reason \(code: reason.rawValue): \(counted(points.count, "point")).")
    }
    var section = ReportDocument.Section("Method")
    section.add(list: lines)
    section.add("Command: \(code: run.manifest.command)")
    return section
  }
}

extension Manifest {
  /// The command line in a shell's notation.
  var command: String {
    commandLine.map(shellQuoted).joined(separator: " ")
  }
}
