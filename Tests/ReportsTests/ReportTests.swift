import Foundation
import Testing

@testable import Reports

@Suite struct ReportTests {
  @Test func `a small run gives exactly this report`() throws {
    try withRunDirectory("small") { path in
      let run = try SyntheticRun(SyntheticRun.small, at: path)
      try run.fillSmall()
      let report = try RunReport.write(run.directory, gnuplot: nil)
      for (name, expected) in goldenSmallRun {
        let actual = try String(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"), encoding: .utf8)
        #expect(actual == expected, "\(name) differs from goldenSmallRun")
      }
      #expect(report.plots.isEmpty)
    }
  }

  @Test func `a study tells who wins, until which size, and what to beware of`() throws {
    try withRunDirectory("study") { path in
      let run = try SyntheticRun(SyntheticRun.study, at: path)
      try run.fillStudy()
      let report = try RunReport.write(run.directory)
      let text = report.markdown
      #expect(text.contains("31 points: 30 passed, 0 failed, 1 skipped."))
      #expect(text.contains("Crossover, size, 1 thread: lookup stops winning between 64 MiB and 128 MiB of tables."))
      #expect(text.contains("The machine drifted during the run: thp_enabled."))
      #expect(text.contains("- `governor`, `boost`: no cpufreq directory: a virtual machine"))
      #expect(text.contains("- skipped: needs 1.1 GiB, 1 GiB is free\n"))
      #expect(text.contains("- unsupported (this machine exposes no PMU): `perf::CYCLES`, at 30 of 31 points"))
      #expect(text.contains("### On other machines (modelled)"))
      #expect(text.contains("| `grace-neoverse-v2`"))
      // In the synthetic run dense is projected 10 % slower; the largest swing comes first.
      #expect(text.contains("### Speed-up of look-ups over dense on every machine (modelled)"))
      #expect(text.contains("## Sensitivity"))
      let sensitive = text.split(separator: "\n").first { $0.contains("caches[1].random_rows") } ?? ""
      #expect(sensitive.contains("`zen4-genoa-9654`") && sensitive.contains("-9.0 %") && sensitive.contains("+9.0 %"))
    }
  }

  @Test func `a report of the same run is the same, byte for byte`() throws {
    try withRunDirectory("twice") { path in
      let run = try SyntheticRun(SyntheticRun.study, at: path)
      try run.fillStudy()
      func contents() throws -> [String: Data] {
        try RunReport.write(run.directory)
        var contents: [String: Data] = [:]
        for folder in ["", "plots/"] {
          for name in try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)")
          where name.contains(".") && !name.contains("sqlite") {
            contents[folder + name] = FileManager.default.contents(atPath: "\(path)/\(folder)\(name)")
          }
        }
        return contents
      }
      let first = try contents()
      #expect(try contents() == first)
    }
  }

  @Test func `without gnuplot the report says how to install it, and data and scripts lie ready`() throws {
    try withRunDirectory("no-gnuplot") { path in
      let run = try SyntheticRun(SyntheticRun.study, at: path)
      try run.fillStudy()
      let report = try RunReport.write(run.directory, gnuplot: Gnuplot.find(path: "/nowhere"))
      #expect(report.warnings.contains { $0.contains("apt install gnuplot-nox") })
      #expect(FileManager.default.fileExists(atPath: "\(path)/plots/throughput-size.gp"))
      #expect(!report.markdown.contains("](plots/"))
    }
  }

  @Test func `a run without any result still has a report`() throws {
    try withRunDirectory("empty") { path in
      let run = try SyntheticRun(SyntheticRun.small, at: path)
      let report = try RunReport.write(run.directory)
      #expect(report.markdown.contains("4 points: 0 passed, 0 failed, 0 skipped, 4 not run yet."))
      #expect(report.warnings == ["The run has not finished."])
    }
  }
}
