import Foundation
import TestSupport
import Testing

/// The interface that scripts rely on: verbs, JSON keys and exit codes.
@Suite(.process) struct ContractTests {
  @Test(arguments: [
    "doctor", "topology", "events", "verify", "calibrate", "run", "simulate", "project", "report", "machines", "audit",
    "mrc", "fit-policy", "tune", "validate", "explore", "compare", "export", "schema",
  ])
  func `every verb explains itself`(verb: String) throws {
    let outcome = try CommandLineTool.run(verb, "--help")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("USAGE: lookahead \(verb)"))
  }

  @Test(arguments: ["bf16", "int8"])
  func `verify takes the type of the tables and prints the same keys`(dtype: String) throws {
    let document = try CommandLineTool.json("verify", Tiny.layer.path, "--dtype", dtype, "--json")
    #expect(document.count == 8)
    #expect(document["dtype"] as? String == dtype)
    #expect(document["passed"] as? Bool == true)
  }

  @Test func `verify adds what rounding does to the codes where the projection is not fp32`() throws {
    let document = try CommandLineTool.json("verify", Tiny.layer.path, "--projection-dtype", "bf16", "--json")
    #expect(document.count == 11)
    #expect(document["projection_dtype"] as? String == "bf16")
    #expect(document["code_mismatch_share"] is Double)
    #expect(document["ambiguous_tokens"] is Int)
    #expect(document["passed"] as? Bool == true)
  }

  @Test func `verify prints the documented keys and passes`() throws {
    let document = try CommandLineTool.json("verify", Tiny.layer.path, "--isa", "scalar", "--json")
    #expect(
      Set(document.keys) == [
        "kernel", "dtype", "isa", "tokens", "max_abs_error", "max_rel_error", "code_mismatches", "passed",
      ])
    #expect(document["passed"] as? Bool == true)
    #expect(document["isa"] as? String == "scalar")
    #expect(document["tokens"] as? Int == 40)
  }

  @Test func `explore answers with the documented keys and leaves its files`() throws {
    try withDirectory { directory in
      let file = directory.appendingPathComponent("tiny.yaml")
      try Data(Tiny.experiment.utf8).write(to: file)
      let output = directory.appendingPathComponent("out").path
      let document = try CommandLineTool.json(
        "explore", file.path, "--target", "min l2 speedup>=0.1", "pareto speedup l2 bandwidth", "--machine",
        "epyc-7763",
        "--vary", "l2=256KiB,512KiB", "bandwidth=100,200", "--check", "1", "--output", output, "--json")
      #expect(
        Set(document.keys) == ["answers", "fronts", "evaluations", "seconds", "profile_seconds", "check"])
      let answer = try #require((document["answers"] as? [[String: Any]])?.first)
      #expect(answer["figure"] as? String == "l2")
      #expect(answer["value"] as? Int == 262_144)
      #expect(answer["at_edge"] as? Bool == true)
      // Two look-up points and two bandwidths: the question is asked for each combination.
      #expect((document["answers"] as? [Any])?.count == 4)
      #expect(document["evaluations"] as? Int == 2 * (4 * 2 + 2 * 4))
      for name in ["report.md", "answers.csv", "machines.csv", "plots/threshold-1.csv", "plots/pareto-1.gp"] {
        #expect(FileManager.default.fileExists(atPath: "\(output)/\(name)"), "\(name)")
      }
      #expect(try String(contentsOfFile: "\(output)/report.md", encoding: .utf8).contains("**modelled**"))
    }
  }

  @Test func `doctor succeeds and gives every item a status and a reason`() throws {
    let items = try #require(CommandLineTool.json("doctor", "--json")["items"] as? [[String: Any]])
    #expect(items.count >= 10)
    for item in items {
      #expect(Set(item.keys) == ["name", "status", "reason", "fix"])
      #expect(["ok", "degraded", "unavailable"].contains(item["status"] as? String))
    }
  }

  @Test func `events encode works offline for another CPU`() throws {
    let event = try CommandLineTool.json("events", "encode", "amd64_fam19h_zen4::RETIRED_INSTRUCTIONS", "--json")
    #expect(Set(event.keys) == ["name", "canonical", "type", "config"])
    #expect(event["config"] as? Int == 0xC0)
  }

  @Test func `events check passes the package's groups, and exits 1 for an unknown event`() throws {
    let document = try CommandLineTool.json("events", "check", "--json")
    #expect(document["passed"] as? Bool == true)
    let events = try #require(document["events"] as? [[String: Any]])
    #expect(events.allSatisfy { Set($0.keys) == ["group", "event", "status", "detail"] })
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).yaml")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data("name: a\ndescription: b\npmu: perf\nevents: ['perf::PAGE-FALTS']\n".utf8).write(to: file)
    let outcome = try CommandLineTool.run("events", "check", file.path)
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("PAGE-FAULTS"))
    #expect(try CommandLineTool.run("events", "check", "--pmu", "zen99").status == 64)
  }

  @Test func `tune prints its candidates, of which one is chosen`() throws {
    let document = try CommandLineTool.json(
      "tune", "--hidden", "64", "--tables", "4", "--table-rows", "16", "--tokens", "64", "--machine", "epyc-7763",
      "--no-cache", "--allow-debug", "--json")
    let candidates = try #require(document["candidates"] as? [[String: Any]])
    #expect(candidates.count > 1)
    #expect(candidates.count { $0["chosen"] as? Bool == true } == 1)
    for key in ["order", "token_tile", "modelled_ns_per_token", "measured_ns_per_token", "working_set_bytes"] {
      #expect(candidates.allSatisfy { $0[key] != nil }, "\(key)")
    }
  }

  @Test func `simulate counts a trace by hand`() throws {
    try withDirectory { directory in
      // One set of two 64-byte ways: read A, write B, read C evicts A, read B hits, read A evicts C.
      let machine = directory.appendingPathComponent("two-lines.yaml")
      try Data("caches:\n  - {name: L1, size: 128, ways: 2, line: 64}\n".utf8).write(to: machine)
      let trace = directory.appendingPathComponent("trace.din")
      try Data("0 0 4\n1 40 4\n0 80 4\n0 40 4\n0 0 4\n".utf8).write(to: trace)
      let document = try CommandLineTool.json(
        "simulate", "--machine", machine.path, "--trace", trace.path, "--format", "din", "--json")
      let level = try #require((document["levels"] as? [[String: Any]])?.first)
      #expect(
        Set(level.keys) == ["name", "reads", "writes", "hits", "misses", "evictions", "writebacks"])
      #expect(document["accesses"] as? Int == 5)
      #expect(level["reads"] as? Int == 4)
      #expect(level["writes"] as? Int == 1)
      #expect(level["hits"] as? Int == 1)
      #expect(level["misses"] as? Int == 4)
      #expect(level["evictions"] as? Int == 2)
      #expect(level["writebacks"] as? Int == 0)
      #expect((document["memory"] as? [String: Int]) == ["reads": 4, "writes": 0])
    }
  }

  @Test func `mrc gives the curve of a trace worked out by hand`() throws {
    try withDirectory { directory in
      // Lines 0, 1, 0, 2, 1: two reuses, of 0 after one other line and of 1 after two.
      let trace = directory.appendingPathComponent("trace.din")
      try Data("0 0 4\n1 40 4\n0 0 4\n0 80 4\n0 40 4\n".utf8).write(to: trace)
      for sample in [[], ["--sample", "1"]] {
        let outcome = try CommandLineTool.run(["mrc", "--trace", trace.path, "--json"] + sample)
        let document = try #require(
          JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(Set(document.keys) == ["line_bytes", "accesses", "points"])
        #expect(document["line_bytes"] as? Int == 64)
        #expect(document["accesses"] as? Int == 5)
        let points = try #require(document["points"] as? [[String: Double]])
        #expect(points.map { $0["lines"] } == [1, 2, 3])
        #expect(points.map { $0["miss_ratio"] } == [1, 0.8, 0.6])
      }
    }
  }

  @Test func `simulate plays several machines, and says what prefetchers and the TLB did`() throws {
    try withDirectory { directory in
      let plain = directory.appendingPathComponent("plain.yaml")
      try Data("caches:\n  - {name: L1, size: 4KiB, ways: 4}\n".utf8).write(to: plain)
      let rich = directory.appendingPathComponent("rich.yaml")
      try Data(
        """
        caches:
          - {name: L1, size: 4KiB, ways: 4, prefetcher: {kind: next-line}}
        tlb:
          - {name: L1, entries: 4, ways: 4, pages: [4KiB]}

        """.utf8
      ).write(to: rich)
      let trace = directory.appendingPathComponent("trace.din")
      try Data("0 0 4\n0 40 4\n0 80 4\n0 1000 4\n".utf8).write(to: trace)
      let document = try CommandLineTool.json(
        "simulate", "--machine", plain.path, rich.path, "--trace", trace.path, "--json")
      let machines = try #require(document["machines"] as? [[String: Any]])
      #expect(machines.map { $0["machine"] as? String } == ["plain", "rich"])
      let levels = machines.compactMap { ($0["levels"] as? [[String: Any]])?.first }
      #expect(levels.map { $0["misses"] as? Int } == [4, 2], "next-line saves the second and third line")
      #expect(levels[0]["prefetches"] == nil && machines[0]["tlb"] == nil)
      #expect(levels[1]["prefetches"] as? [String: Int] == ["issued": 4, "useful": 2, "late": 0])
      let translation = try #require(machines[1]["tlb"] as? [String: Any])
      #expect(translation["walks"] as? Int == 2)
      #expect(translation["page_bytes"] as? Int == 4096)
    }
  }

  @Test func `machines lists at least the four machines of the quick experiment's kind`() throws {
    let document = try CommandLineTool.json("machines", "list", "--json")
    let names = (document["machines"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
    #expect(Set(names).isSuperset(of: ["epyc-7763", "epyc-7773x", "xeon-max-9480"]))
  }

  @Test func `project gives a band and a limiter without measuring`() throws {
    try withDirectory { directory in
      let file = directory.appendingPathComponent("tiny.yaml")
      try Data(Tiny.experiment.utf8).write(to: file)
      let document = try CommandLineTool.json("project", file.path, "--machine", "grace", "epyc-9755", "--json")
      let rows = try #require(document["projections"] as? [[String: Any]])
      #expect(Set(rows.compactMap { $0["machine"] as? String }) == ["grace", "epyc-9755"])
      for row in rows {
        let low = try #require(row["low"] as? Double)
        let expected = try #require(row["tokens_per_s"] as? Double)
        let high = try #require(row["high"] as? Double)
        #expect(0 < low && low <= expected && expected <= high)
        #expect((row["limiter"] as? String)?.isEmpty == false)
      }
    }
  }

  @Test func `project has the whole socket, the traffic and, on request, the sensitivities`() throws {
    try withDirectory { directory in
      let file = directory.appendingPathComponent("tiny.yaml")
      try Data(Tiny.experiment.utf8).write(to: file)
      let document = try CommandLineTool.json(
        "project", file.path, "--machine", "epyc-9755", "--sensitivity", "--json")
      for row in try #require(document["projections"] as? [[String: Any]]) {
        let socket = try #require(row["socket"] as? [String: Any])
        #expect(socket["cores"] as? Int == 128)
        let all = try #require(socket["tokens_per_s"] as? Double)
        let one = try #require(row["tokens_per_s"] as? Double)
        #expect(all > one && all <= 128.001 * one)
        #expect((row["lines_per_token"] as? [String: Double])?.count == 3)
        let figures = (row["sensitivity"] as? [[String: Any]] ?? []).compactMap { $0["figure"] as? String }
        #expect(Set(figures).isSuperset(of: ["frequency_ghz", "caches[1].size", "memory[0].idle_latency_ns"]))
      }
    }
  }

  @Test func `validate compares a run with the model on the machine that made it`() throws {
    try withDirectory { directory in
      let file = directory.appendingPathComponent("tiny.yaml")
      try Data(Tiny.experiment.utf8).write(to: file)
      let run = directory.appendingPathComponent("run").path
      #expect(try CommandLineTool.run("run", file.path, "--output", run, "--allow-debug", "--quiet").status == 0)
      let document = try CommandLineTool.json("validate", run, "--json")
      #expect(document["machine"] as? String == "host")
      #expect(document["mape"] as? Double ?? 0 > 0)
      #expect(document["bias"] is Double)
      let points = try #require(document["points"] as? [[String: Any]])
      #expect(points.count == 3)
      #expect((document["worst"] as? [[String: Any]])?.count == 3)
      for point in points {
        let measured = try #require(point["measured_tokens_per_s"] as? Double)
        let projected = try #require(point["projected_tokens_per_s"] as? Double)
        #expect(abs((point["error"] as? Double ?? .nan) - (projected / measured - 1)) < 1e-9)
      }
      // Nothing counted lines, and the document and the text say why.
      let traffic = try #require(document["traffic"] as? [String: Any])
      #expect(traffic["points"] as? Int == 0 && (traffic["reason"] as? String)?.isEmpty == false)
      #expect((document["timing"] as? [String: Any])?["points"] as? Int == 0)
      let text = try CommandLineTool.run("validate", run)
      #expect(text.output.contains("traffic and timing cannot be told apart: "))
      let refused = try CommandLineTool.run("project", run, "--traffic", "counted")
      #expect(
        refused.status == 64 && refused.messages.contains("expected a run with counted lines for --traffic counted; "))
      let simulated = try CommandLineTool.json("project", run, "--machine", "host", "--json")
      let projections = try #require(simulated["projections"] as? [[String: Any]])
      #expect(projections.count == 3 && projections.allSatisfy { $0["traffic"] as? String == "simulated" })
      let experiment = try CommandLineTool.run("project", file.path, "--traffic", "both", "--machine", "epyc-7763")
      #expect(experiment.status == 64 && experiment.messages.contains("expected a run directory for both traffic"))
      // Another description of the machine gives other projections of the same measurements.
      let other = try CommandLineTool.json("validate", run, "--machine", "epyc-7742", "--json")
      #expect(other["machine"] as? String == "epyc-7742")
      #expect(other["mape"] as? Double != document["mape"] as? Double)
    }
  }

  @Test func `fit-policy names the policies that explain counted loops`() throws {
    try withDirectory { directory in
      let file = directory.appendingPathComponent("sweeps.csv")
      // LRU keeps nothing of a loop that is a way longer in every set of a 32 MiB cache.
      try Data("bytes,miss_ratio\n16MiB,0\n40MiB,1\n48MiB,0.99\n".utf8).write(to: file)
      let document = try CommandLineTool.json("fit-policy", file.path, "--machine", "epyc-7763", "--json")
      #expect(document["level"] as? String == "L3")
      #expect(Set(document["policies"] as? [String] ?? []) == ["lru", "fifo", "plru", "srrip"])
      #expect((document["candidates"] as? [[String: Any]])?.count == 5)
      try Data("bytes,miss_ratio\n16MiB,2\n".utf8).write(to: file)
      let wrong = try CommandLineTool.run("fit-policy", file.path, "--machine", "epyc-7763")
      #expect(wrong.status == 64 && wrong.messages.contains(":2: expected a size of 64 bytes to 1 TiB"))
    }
  }

  @Test func `machines check prints one line for each problem, and the same as JSON`() throws {
    try withDirectory { directory in
      let file = directory.appendingPathComponent("wrong.yaml").path
      try Data(
        """
        caches:
          - {name: L1, size: 32KiB, ways: 8, latency_cycles: 20}
          - {name: L2, size: 1MiB, ways: 8, latency_cycles: 14}
        memory:
          - {name: m, channels: 2, transfer_mts: 3200, peak_gbps: 60, idle_latency_ns: 90, lines_in_flight_per_core: 10}
        """.utf8
      ).write(to: URL(fileURLWithPath: file))
      let outcome = try CommandLineTool.run("machines", "check", file)
      #expect(outcome.status == 64)
      #expect(outcome.messages.contains("memory[0].peak_gbps"), "\(outcome.messages)")
      let repaired = try String(contentsOfFile: file, encoding: .utf8).replacingOccurrences(
        of: "gbps: 60", with: "gbps: 51.2")
      try Data(repaired.utf8).write(to: URL(fileURLWithPath: file))
      let second = try CommandLineTool.run("machines", "check", file)
      #expect(second.status == 64)
      #expect(second.messages.split(separator: "\n").count == 1, "\(second.messages)")
      let document = try CommandLineTool.json("machines", "check", file, "--json")
      #expect(document["valid"] as? Bool == false)
      #expect(
        (document["problems"] as? [[String: Any]])?.compactMap { $0["key"] as? String } == ["caches[1].latency_cycles"])
    }
  }

  @Test func `audit prints a row for every candidate, and chooses`() throws {
    let document = try CommandLineTool.json(
      "audit", "--hidden", "32", "--intermediate", "64", "--tokens", "48", "--library", "/nonexistent/libopenblas.so",
      "--dtype", "fp32", "--json", "--allow-debug")
    let rows = try #require(document["rows"] as? [[String: Any]])
    let chosen = rows.filter { $0["chosen"] as? Bool == true }
    #expect(chosen.map { $0["n"] as? Int } == [64, 32])
    #expect(chosen.allSatisfy { $0["m"] as? Int == 48 && $0["gflop_per_s"] as? Double ?? 0 > 0 })
    let missing = try #require(rows.last)
    #expect(missing["library"] as? String == "libopenblas.so")
    #expect((missing["reason"] as? String)?.contains("cannot open shared object file") == true)
    #expect(missing["chosen"] as? Bool == false)
  }

  @Test func `audit tries every type of operands, and says which each row is of`() throws {
    let document = try CommandLineTool.json(
      "audit", "--hidden", "16", "--intermediate", "32", "--tokens", "16", "--json", "--allow-debug")
    let rows = try #require(document["rows"] as? [[String: Any]])
    #expect(Set(rows.compactMap { $0["dtype"] as? String }) == ["fp32", "bf16", "int8"])
    #expect(rows.allSatisfy { $0["dtype"] as? String != nil })
  }

  @Test func `audit refuses sizes that make no product`() throws {
    let outcome = try CommandLineTool.run("audit", "--hidden", "0")
    #expect(outcome.status == 64)
    #expect(outcome.messages.contains("--hidden: expected at least 1, found 0"))
  }

  @Test func `a debug build refuses to measure`() throws {
    #if DEBUG
      try withDirectory { directory in
        let file = directory.appendingPathComponent("tiny.yaml")
        try Data(Tiny.experiment.utf8).write(to: file)
        let outcome = try CommandLineTool.run("run", file.path, "--output", directory.appendingPathComponent("r").path)
        #expect(outcome.status == 1)
        #expect(outcome.messages.contains("debug build"))
      }
    #endif
  }
}
