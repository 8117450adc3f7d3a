import Kernels
import Measurement
import Plans
import Profiler
import RunStore
import Statistics
import Studies

extension RunData {
  static let healthyBaseline = BaselineAudit.healthyFraction

  /// Caveats that a reader must know about the numbers.
  var warnings: [InlineText] {
    var warnings: [InlineText] = []
    if let origin = fact(FactName.origin) {
      warnings.append("\(strong: "This run is \(origin): no machine measured its times or counted its events.")")
    }
    if let disagreement { warnings.append("\(strong: "\(disagreement).")") }
    if let missingProjections { warnings.append("\(strong: "\(missingProjections).")") }
    let versions = [manifest.toolVersion] + (manifest.continuedWith ?? [])
    if versions.count > 1 {
      warnings.append(
        "Several versions of the tool measured this run: \(versions.joined(separator: ", ")).")
    }
    for row in measured where row.isBaseline {
      guard let fraction = row.fractionOfFMAPeak, fraction < Self.healthyBaseline else { continue }
      warnings.append(
        """
        The baseline \(code: label(row.pointID)) reached only \(percent(fraction)) of the measured \(row.dtype.rawValue) \
        multiply-add peak\(row.blas.map { " with \($0)" } ?? ""): speed-ups against it flatter the lookup.
        """)
    }
    for row in audit where row.chosen {
      guard let fraction = row.fractionOfFMAPeak, fraction < Self.healthyBaseline, let shape = row.shape else {
        continue
      }
      warnings.append(
        """
        No library that was audited does better for \(shape) (\(row.layer ?? "")) than \(percent(fraction)) of the measured \
        \(row.dtype?.rawValue ?? "") multiply-add peak, by \(row.title): speed-ups against it flatter the lookup.
        """)
    }
    let unpaired = measured.count { $0.needsBaseline && baseline(of: $0) == nil }
    if unpaired > 0 {
      warnings.append(
        "\(counted(unpaired, "lookup point")) have no dense baseline of the same shape, tokens and threads.")
    }
    let widened = measured.filter { row in
      guard row.text(Parameter.projectionDtype.name) == HashType.bf16.rawValue,
        row.text(Parameter.projection.name) == LookupFFNShape.Hash.bh4.rawValue
      else { return false }
      return roofline(threads: row.threads).map { $0.peaks[.bf16] == nil } ?? false
    }.count
    if widened > 0 {
      warnings.append(
        """
        \(counted(widened, "lookup point")) ran the bf16 projection widened to fp32, since this CPU has no bf16 multiply-add: \
        their time says nothing of one that has.
        """)
    }
    let timedOut = measured.filter { $0.stopReason == .maxSeconds }.count
    if timedOut > 0 {
      warnings.append(
        "\(counted(timedOut, "point")) stopped at the time limit, before the interval was as narrow as asked for.")
    }
    let unsure = measured.filter { $0.ci95LowNanoseconds == nil }.count
    if unsure > 0 { warnings.append("\(counted(unsure, "point")) have fewer than 6 samples, hence no interval.") }
    let otherPages = measured.filter { row in
      guard let asked = point(row.pointID)?.pages, let obtained = row.pageKind else { return false }
      return asked != obtained
    }.count
    if otherPages > 0 { warnings.append("\(counted(otherPages, "point")) ran on another kind of page than asked for.") }
    let moved = measured.filter { row in
      guard let before = row.pagesPerNodeBefore, let after = row.pagesPerNodeAfter else { return false }
      return before != after
    }.count
    if moved > 0 { warnings.append("\(counted(moved, "point")) had pages move to another node during timing.") }
    let disturbed = measured.compactMap(\.outliers).reduce(0, +)
    if disturbed > 0 { warnings.append("\(counted(disturbed, "sample")) flagged as outliers (kept in every figure).") }
    let unlike = measured.count { ($0.betweenLaunchNanoseconds ?? 0) > ($0.withinLaunchNanoseconds ?? .infinity) }
    if unlike > 0 {
      warnings.append(
        "\(counted(unlike, "point")) differ more between processes than within one: their intervals are too narrow.")
    }
    let watch = DriftWatch(sentinel)
    let off = Set(sentinel.filter(watch.exceedsThreshold).map(\.startNanoseconds)).count
    if off > 0 {
      warnings.append(
        """
        The machine's speed was more than \(percent(DriftWatch.threshold)) off its median at \(off) of \
        \(Set(sentinel.map(\.startNanoseconds)).count) readings between points: see their notes.
        """)
    }
    let drifted = drift
    if !drifted.isEmpty {
      warnings.append(
        "The machine drifted during the run: \(drifted.map(\.name).joined(separator: ", ")).")
    }
    if let quota = fact("cpu_quota_cpus").flatMap(Double.init), quota < Double(measured.map(\.threads).max() ?? 0) {
      warnings.append(
        """
        A control group gives this run the time of \("\(quota)" as String) CPUs: threads were stopped in the middle of \
        samples.
        """)
    }
    for violation in (experiment?.constraints ?? []).compactMap({ $0.violation(fact) }) {
      warnings.append("Constraint \(violation.message).")
    }
    if manifest.gitDirty == true { warnings.append("The tool was built from a working tree with uncommitted changes.") }
    if manifest.finished == nil { warnings.append("The run has not finished.") }
    return warnings
  }

  /// Facts that changed between the start and the end of the run, by the profiler's rules; none for an unfinished run.
  var drift: [MachineDrift] {
    func state(_ when: FactTime) -> MachineState {
      MachineState(
        facts: facts.filter { $0.when == when }.map { MachineFact(name: $0.name, value: $0.value, reason: $0.reason) })
    }
    let end = state(.end)
    return end.facts.isEmpty ? [] : MachineState.drift(from: state(.start), to: end)
  }
}
