import RunStore

/// The commands that repeat the run, and the experiment that was run.
struct ReproduceSection: ReportSection {
  func section(of run: RunData) -> ReportDocument.Section? {
    let manifest = run.manifest
    let revision: InlineText = manifest.gitRevision.map { "\(code: $0)" } ?? "an unknown revision"
    let dirty: InlineText = manifest.gitDirty == true ? ", with uncommitted changes" : ""
    var section = ReportDocument.Section("Reproduce")
    section.add("lookahead \(manifest.toolVersion) at \(revision)\(dirty):")
    section.add(code: manifest.command, language: "sh")
    var text: InlineText = "The experiment, \(code: manifest.experimentFile)"
    if !manifest.overrides.isEmpty {
      text += " with " + manifest.overrides.map { "\(code: $0)" as InlineText }.joined(separator: ", ")
    }
    section.add(text + ":")
    section.add(code: String(manifest.experimentText.trimmingSuffix(while: \.isNewline)), language: "yaml")
    return section
  }
}

extension String {
  fileprivate func trimmingSuffix(while condition: (Character) -> Bool) -> Substring {
    self[..<(lastIndex { !condition($0) }.map { index(after: $0) } ?? startIndex)]
  }
}
