import RunStore

extension RunData {
  var reproduceSection: String {
    let revision = manifest.gitRevision.map(markdownCode) ?? "an unknown revision"
    let dirty = manifest.gitDirty == true ? ", with uncommitted changes" : ""
    var text = "## Reproduce\n\nlookahead \(markdownText(manifest.toolVersion)) at \(revision)\(dirty):\n\n"
    text += markdownBlock(command, "sh")
    text += "The experiment, \(markdownCode(manifest.experimentFile))"
    if !manifest.overrides.isEmpty { text += " with \(manifest.overrides.map(markdownCode).joined(separator: ", "))" }
    return text + ":\n\n" + markdownBlock(String(manifest.experimentText.trimmingSuffix(while: \.isNewline)), "yaml")
  }

  func filesSection(plots: [String]) -> String {
    var lines = [
      "[manifest.json](manifest.json): what was run, where and how", "[plan.jsonl](plan.jsonl): every point",
      "results.sqlite: everything measured",
      "[results.csv](results.csv), [samples.csv](samples.csv), "
        + "[counters.csv](counters.csv), [metrics.csv](metrics.csv), [projections.csv](projections.csv), "
        + "[sensitivities.csv](sensitivities.csv), [stages.csv](stages.csv), [ceilings.csv](ceilings.csv), "
        + "[audit.csv](audit.csv), [tuning.csv](tuning.csv), [facts.csv](facts.csv), "
        + "[attempts.csv](attempts.csv), [sentinel.csv](sentinel.csv): the same as tables",
    ]
    if !plots.isEmpty { lines.append("plots/: each plot as .svg, its data as .csv and its gnuplot script as .gp") }
    return "## Files\n\n" + lines.map { "- \($0)\n" }.joined()
  }
}

extension String {
  fileprivate func trimmingSuffix(while condition: (Character) -> Bool) -> Substring {
    self[..<(lastIndex { !condition($0) }.map { index(after: $0) } ?? startIndex)]
  }
}
