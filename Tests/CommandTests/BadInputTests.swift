import Foundation
import TestSupport
import Testing

/// Bad input gives one clear line that names file and key and what was expected, exit code 64, and overwrites nothing.
@Suite(.process) struct BadInputTests {
  @Test(arguments: [
    (["verify", "/no/such/layer.safetensors"], "/no/such/layer.safetensors: no such file"),
    (["run", "/no/such/experiment.yaml"], "/no/such/experiment.yaml: no such file"),
    (["report", "/no/such/run"], "/no/such/run: no such run directory"),
    (["validate", "/no/such/run"], "/no/such/run: no such run directory"),
    (["machines", "check", "/no/such/machine.yaml"], "/no/such/machine.yaml: no such file"),
    (["simulate", "--machine", "epyc-7764", "--trace", "/dev/null"], "epyc-7763"),
    (["mrc", "--trace", "/no/such/trace"], "/no/such/trace: no such file"),
    (["mrc", "--trace", "/dev/null", "--sample", "2"], "--sample: expected a rate above 0 and up to 1, found 2.0"),
    (["mrc", "--trace", "/dev/null", "--line", "48"], "--line: expected a power of two of 8 to 4096 bytes, found 48"),
    (
      ["compare", "Tests/Fixtures/runs/quick-0.1", "Tests/Fixtures/runs/quick-0.1", "--output", ""],
      "expected a path to write to, found an empty one"
    ),
    (["calibrate", "--output", "/no/such/folder/host.yaml"], "expected a file in a directory that is there"),
    (["machines", "show", "nothing-like-it"], "nothing-like-it"),
    (["project", "experiments/quick.yaml", "--machine", "xeon-mex-9480"], "xeon-max-9480"),
    (["explore", "experiments/future-cpus.yaml", "--target", "min l5 speedup>=4"], "did you mean 'l1'?"),
    (["explore", "experiments/future-cpus.yaml", "--target", "min l2"], "expected 'min FIGURE MEASURE>=X'"),
    (
      ["explore", "experiments/future-cpus.yaml", "--target", "min l2 speedup>=4", "--vary", "l2=2..1"],
      "a range that rises"
    ),
    (
      ["explore", "experiments/future-cpus.yaml", "--target", "min l2 speedup>=4", "--vary", "simd=1"],
      "--vary simd=1: expected a number of bits from 32 to 2048 for simd, found '1'"
    ),
    (
      ["explore", "experiments/future-cpus.yaml", "--target", "min l2 speedup>=4", "--vary", "l2=63"],
      "caches[1].size: expected more than"
    ),
    (["simulate", "--machine", "grace", "--trace", "/dev/null", "--page", "3"], "--page: expected a page size"),
    (
      ["explore", "/no/such/experiment.yaml", "--target", "min l2 speedup>=4"], "/no/such/experiment.yaml: no such file"
    ),
    (["events", "encode", "perf::CYCLEZ"], "CYCLES"),
    (["tune", "--table-rows", "48"], "table_rows: expected a power of two of at least 2, found 48"),
    (["tune", "/no/such/layer.safetensors"], "/no/such/layer.safetensors"),
    (["tune", "--machine", "xeon-mex-9480"], "xeon-max-9480"),
  ])
  func `a name that is not there is answered with what was expected`(arguments: [String], expected: String) throws {
    let outcome = try CommandLineTool.run(arguments)
    #expect(outcome.status == 64)
    #expect(outcome.output.isEmpty)
    #expect(outcome.messages.split(separator: "\n").count == 1, "\(outcome.messages)")
    #expect(outcome.messages.contains(expected), "\(outcome.messages)")
  }

  @Test func `an instruction set that this CPU lacks is answered with those that it has`() throws {
    #if arch(arm64)
      let foreign = "avx2"
    #else
      let foreign = "neon"
    #endif
    let outcome = try CommandLineTool.run("verify", Tiny.layer.path, "--isa", foreign)
    #expect(outcome.status == 1)
    #expect(outcome.messages.contains("this CPU cannot run \(foreign) (it runs "), "\(outcome.messages)")
  }

  @Test(arguments: [
    ("threads: 1", "threds: 1", ":5: defaults.threds: unknown key; did you mean 'threads'?"),
    ("table_rows: 16", "table_rows: 48", "expected a power of two"),
    ("kernel: lookup", "kernel: lockup", "expected"),
    ("name: tiny", "nome: tiny", ":2: nome: unknown key; did you mean 'name'?"),
  ])
  func `a wrong key or value in an experiment is named with its line`(good: String, bad: String, expected: String)
    throws
  {
    try withDirectory { directory in
      let file = directory.appendingPathComponent("tiny.yaml")
      try Data(Tiny.experiment.replacingOccurrences(of: good, with: bad).utf8).write(to: file)
      let output = directory.appendingPathComponent("run").path
      let outcome = try CommandLineTool.run("run", file.path, "--output", output, "--allow-debug")
      #expect(outcome.status == 64)
      #expect(outcome.messages.contains("tiny.yaml"), "\(outcome.messages)")
      #expect(outcome.messages.contains(expected), "\(outcome.messages)")
      #expect(!FileManager.default.fileExists(atPath: output))
    }
  }

  @Test func `a directory that holds something else is left alone`() throws {
    try withDirectory { directory in
      let file = directory.appendingPathComponent("tiny.yaml")
      try Data(Tiny.experiment.utf8).write(to: file)
      // --restart discards runs only.
      let outcome = try CommandLineTool.run(
        "run", file.path, "--output", directory.path, "--allow-debug", "--restart")
      #expect(outcome.status == 64)
      #expect(try String(contentsOf: file, encoding: .utf8) == Tiny.experiment)
    }
  }

  @Test func `a truncated layer is refused`() throws {
    try withDirectory { directory in
      let whole = try Data(contentsOf: Tiny.layer)
      let file = directory.appendingPathComponent("cut.safetensors")
      try whole.prefix(whole.count / 2).write(to: file)
      let outcome = try CommandLineTool.run("verify", file.path)
      #expect(outcome.status == 64)
      #expect(outcome.messages.contains("cut.safetensors"))
      #expect(outcome.messages.contains("truncated"))
    }
  }
}
