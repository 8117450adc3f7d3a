import Foundation
import PlanSupport
import Support
import TestSupport
import Testing

@testable import Measurement
@testable import Plans
@testable import Reports
@testable import RunStore

/// A run from another user may contain any text: names, reasons, hosts, facts, libraries.
@Suite(.process) struct HostileTextTests {
  /// Every syntax by which text could leave its place in the formats of a report.
  private static let hostile =
    "x' `touch PWNED` \"`touch PWNED`\" '\u{301}`touch PWNED`\r\n!touch PWNED\r\n\n## FORGED\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    + "<script>alert(1)</script> ![i](http://evil) [l](http://evil) ``` \u{1B}[2J \u{202E}\u{2028}## FORGED\u{85}- \\"

  /// The data of a run with `text` appended to every text.
  private func data(_ path: String, _ text: String) throws -> RunData {
    let run = try SyntheticRun(SyntheticRun.study, at: path)
    try run.fillStudy()
    var data = try RunData(run.directory)
    func add(_ old: inout String) { old += text }
    func add(_ old: inout String?) { if let known = old { old = known + text } }
    add(&data.manifest.experiment)
    add(&data.manifest.runID)
    add(&data.manifest.host)
    add(&data.manifest.toolVersion)
    add(&data.manifest.gitRevision)
    add(&data.manifest.experimentFile)
    data.manifest.commandLine.append(text)
    data.manifest.overrides.append(text)
    data.manifest.experimentText +=
      "question: \"\(text.isEmpty ? "" : "what\\r\\n\\n## FORGED <script> ```")\"\n# ```\n```\n## FORGED\n"
    data.plan = Plan(
      points: data.plan.points.map { point in
        var point = point
        if point.kernel == .lookup { point.variant = "v" + text }
        return point
      }, sweeps: data.plan.sweeps.map { $0.map { $0 + text } }, order: data.plan.order)
    // Points are identified by their parameters.
    let ids = Dictionary(
      zip(try RunData(run.directory).plan.points, data.plan.points).map { ($0.id, $1.id) }, uniquingKeysWith: { $1 })
    func move(_ id: inout String) { id = ids[id] ?? id }
    for index in data.results.indices {
      move(&data.results[index].pointID)
      add(&data.results[index].sweep)
      add(&data.results[index].reason)
      add(&data.results[index].host)
      add(&data.results[index].isa)
      add(&data.results[index].cpus)
      add(&data.results[index].verifiedCPUs)
      add(&data.results[index].memoryPolicy)
      add(&data.results[index].blas)
      add(&data.results[index].notes)
    }
    for index in data.projections.indices {
      move(&data.projections[index].pointID)
      add(&data.projections[index].machine)
      add(&data.projections[index].limiter)
    }
    for index in data.sensitivities.indices {
      move(&data.sensitivities[index].pointID)
      add(&data.sensitivities[index].machine)
      add(&data.sensitivities[index].parameter)
    }
    for index in data.stages.indices {
      move(&data.stages[index].pointID)
      add(&data.stages[index].stage)
    }
    for index in data.counters.indices {
      move(&data.counters[index].pointID)
      add(&data.counters[index].group)
      add(&data.counters[index].event)
      add(&data.counters[index].reason)
    }
    for index in data.ceilings.indices {
      add(&data.ceilings[index].name)
      if data.ceilings[index].workingSetBytes == nil { add(&data.ceilings[index].unit) }
    }
    for index in data.facts.indices where !data.facts[index].name.hasSuffix("_bytes") {
      add(&data.facts[index].name)
      add(&data.facts[index].value)
      add(&data.facts[index].reason)
    }
    data.facts.append(FactRow(when: .start, name: FactName.origin, value: "synthetic" + text))
    data.facts.append(FactRow(when: .start, name: FactName.counterChoice + "cache" + text, value: "group" + text))
    data.audit = [
      AuditRow(library: "BLIS" + text, reason: "no" + text),
      AuditRow(
        layer: "layer" + text, library: "BLIS" + text, version: "1" + text, coreType: "skx" + text, coreTypeAsked: nil,
        path: "/lib" + text, product: AuditLayer.dense(hidden: 8, intermediate: 32, tokens: 64).products[0], samples: 9,
        medianNanoseconds: 10, gigaflopPerSecond: 10, fractionOfFMAPeak: 0.1, chosen: true),
    ]
    data.sentinel = (0..<4).map {
      SentinelRow(
        runID: data.manifest.runID, orderIndex: $0, startNanoseconds: $0 * 1_000_000_000, benchmark: "loads" + text,
        value: 10, unit: "ns" + text, n: 5)
    }
    return data
  }

  /// A script without its strings: the part that gnuplot would execute.
  private func commands(_ script: String) -> String {
    var rest = ""
    var isQuoted = false
    let lines = script.split(separator: "\n").filter { !$0.hasPrefix("#") }
    for scalar in lines.joined(separator: "\n").unicodeScalars {
      if scalar == "'" { isQuoted.toggle() } else if !isQuoted { rest.unicodeScalars.append(scalar) }
    }
    #expect(!isQuoted, "a string is open at the end: \(script)")
    return rest
  }

  @Test func `no text of a run is a command to gnuplot`() throws {
    try withRunDirectory("hostile-plots") { path in
      let plain = RunReport.document(try data(path + "-plain", "")).plots
      defer { try? FileManager.default.removeItem(atPath: path + "-plain") }
      let plots = RunReport.document(try data(path, Self.hostile)).plots
      #expect(plots.map { $0.data.prefix { $0 != "\n" } } == plain.map { $0.data.prefix { $0 != "\n" } })
      #expect(Set(plots.map(\.name)).count == plots.count && plots.count >= 10)
      for (plot, plain) in zip(plots, plain) {
        let lines = commands(plot.script.replacing(plot.name, with: plain.name)).split(separator: "\n")
        let expected = commands(plain.script).split(separator: "\n")
        // The size of a legend follows its text; nothing else may differ.
        func isSize(_ line: Substring) -> Bool { line.hasPrefix("set bmargin") || line.hasPrefix("set key") }
        #expect(lines.filter { !isSize($0) } == expected.filter { !isSize($0) }, "\(plot.name)")
        #expect(!commands(plot.script).contains("`") && !commands(plot.script).contains("\""))
        #expect(!plot.script.unicodeScalars.contains { $0.isUnprintable && $0 != "\n" })
        // The data are a row a line, as gnuplot reads them.
        #expect(
          plot.data.utf8.filter { $0 == UInt8(ascii: "\n") }.count
            == plain.data.utf8.filter { $0 == UInt8(ascii: "\n") }.count)
        #expect(!plot.data.unicodeScalars.contains { $0.isUnprintable && $0 != "\n" })
      }
      guard let gnuplot = Gnuplot.find() else { return }
      let folder = path + "/plots"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      for plot in plots {
        try Data(plot.data.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(plot.name).csv"))
        try Data(plot.script.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(plot.name).gp"))
      }
      let (drawn, problems) = try gnuplot.draw(plots, in: folder)
      #expect(drawn.count == plots.count, "\(problems)")
      let files = try #require(FileManager.default.enumerator(atPath: path)).compactMap { $0 as? String }
      #expect(!files.contains { $0 == "PWNED" || $0.hasSuffix("/PWNED") })
      #expect(files.filter { $0.hasSuffix(".svg") }.count == plots.count)
    }
  }

  @Test func `no text of a run is markup in its report`() throws {
    try withRunDirectory("hostile-report") { path in
      let plain = try data(path + "-plain", "")
      defer { try? FileManager.default.removeItem(atPath: path + "-plain") }
      let hostile = try data(path, Self.hostile)
      let expected = blocks(MarkdownWriter().text(RunReport.document(plain)))
      let found = blocks(MarkdownWriter().text(RunReport.document(hostile)))
      // The kinds of blocks and their order are the same.
      #expect(found.map(\.kind) == expected.map(\.kind))
      for (kind, line) in found where kind != "code" {
        #expect(!line.unicodeScalars.contains { $0.isUnprintable }, "\(line)")
        let text = withoutCode(line)
        for markup in ["<script", "](http", "`"] { #expect(!text.contains(markup), "\(markup) in \(text)") }
      }
    }
  }

  /// The lines of a report that begin a block, with its kind; for tables including the number of cells.
  private func blocks(_ markdown: String) -> [(kind: String, line: String)] {
    var blocks: [(kind: String, line: String)] = []
    var fence: Substring?
    for line in markdown.split(separator: "\n", omittingEmptySubsequences: false) {
      if let open = fence {
        if line == open { fence = nil }
        #expect(open.hasPrefix("`") || line == open || !line.contains("<"), "\(line)")
        continue
      }
      if line.hasPrefix("```") {
        fence = line.prefix { $0 == "`" }
        blocks.append(("code", String(line)))
      } else if line.hasPrefix("<pre>") {
        fence = "</code></pre>"
        blocks.append(("code", String(line)))
      } else if line.hasPrefix("|") {
        var cells = 0
        var isEscaped = false
        for scalar in line.unicodeScalars {
          if scalar == "|", !isEscaped { cells += 1 }
          isEscaped = scalar == "\\" && !isEscaped
        }
        blocks.append(("row of \(cells)", String(line)))
      } else if !line.isEmpty {
        let mark = line.prefix { "#-> ".contains($0) }
        blocks.append((mark.isEmpty ? "text" : String(mark), String(line)))
      }
    }
    return blocks
  }

  /// A line without its code spans and escaped characters.
  private func withoutCode(_ line: String) -> String {
    let scalars = Array(line.unicodeScalars)
    var text = ""
    var index = 0
    while index < scalars.count {
      if scalars[index] == "\\" {
        index += 2
        continue
      }
      if scalars[index] == "`" {
        let run = scalars[index...].prefix { $0 == "`" }.count
        var end = index + run
        while end < scalars.count {
          let length = scalars[end...].prefix { $0 == "`" }.count
          if length == run { break }
          end += max(1, length)
        }
        if end < scalars.count {
          index = end + run
          continue
        }
      }
      text.unicodeScalars.append(scalars[index])
      index += 1
    }
    return text
  }
}
