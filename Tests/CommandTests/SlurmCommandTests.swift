import Foundation
import TestSupport
import Testing

/// `slurm` as users type it, on hosts with and without a cluster.
@Suite(.process) struct SlurmCommandTests {
  private static let quick = "experiments/quick.yaml"
  private static let submit = ["slurm", "submit", quick, "--output", "/nowhere/job"]

  private static let bad: [(arguments: [String], expected: String)] = [
    (submit, "--tasks: expected a number of tasks, or --time to find it by"),
    (submit + ["--tasks", "0"], "--tasks: expected at least 1, found 0"),
    (
      submit + ["--time", "1h"],
      "--time: expected a limit such as 90 (minutes), 1:30:00 or 2-12 (days-hours), found '1h'"
    ),
    (submit + ["--time", "2"], "--time: expected at least"),
    (submit + ["--tasks", "2", "--partition", "a b"], "--partition: expected a name"),
    (submit + ["--tasks", "2", "--partition=--wrap=id"], "--partition: expected a name"),
    (submit + ["--tasks", "2", "--account", "$(id)"], "--account: expected a name"),
    (submit + ["--tasks", "2", "--qos", "a b"], "--qos: expected a name"),
    (submit + ["--tasks", "2", "--constraint", "a;b"], "--constraint: expected features"),
    (submit + ["--tasks", "2", "--nodelist", "/etc/hosts"], "--nodelist: expected nodes"),
    (submit + ["--tasks", "2", "--memory", "much"], "--memory: expected a size"),
    (submit + ["--tasks", "2", "--at-once", "0"], "--at-once: expected 1 to 1000000, found 0"),
    (submit + ["--tasks", "2", "--copy-every", "100000"], "--copy-every: expected 0 to 86400 seconds"),
    (submit + ["--tasks", "2", "--set", "tokenz=1"], "did you mean 'tokens'?"),
    (["slurm", "submit", "/no/such.yaml", "--output", "/nowhere/job", "--tasks", "2"], "/no/such.yaml: no such file"),
    (
      ["slurm", "submit", "reports", "--output", "/nowhere/job", "--tasks", "2"], "reports/manifest.json: no such file"
    ),
    (
      [
        "slurm", "submit", "Tests/Fixtures/runs/quick-0.1", "--output", "/nowhere/job", "--tasks", "2", "--set",
        "tokens=1",
      ],
      "--set: expected an experiment file with it, found a run directory"
    ),
    (["slurm", "status", "reports"], "reports: expected the directory of a 'slurm submit', found no job.json"),
    (["slurm", "collect", "reports"], "reports: expected the directory of a 'slurm submit', found no job.json"),
    (["slurm", "collect", "reports", "--attempts", "0"], "--attempts: expected at least 1, found 0"),
    (["slurm", "task"], "expected the directory of a 'slurm submit', found no job.json"),
  ]

  @Test(arguments: bad)
  func `bad input is one line, and nothing is made`(arguments: [String], expected: String) throws {
    let outcome = try CommandLineTool.run(arguments)
    #expect(outcome.status == 64)
    #expect(outcome.output.isEmpty)
    #expect(outcome.messages.split(separator: "\n").count == 1, "\(outcome.messages)")
    #expect(outcome.messages.contains(expected), "\(outcome.messages)")
    #expect(!FileManager.default.fileExists(atPath: "/nowhere"))
  }

  @Test func `a host without Slurm says so in a line, and nothing is left`() throws {
    try withDirectory { directory in
      let file = directory.appendingPathComponent("tiny.yaml")
      try Data(Tiny.experiment.utf8).write(to: file)
      let job = directory.appendingPathComponent("job").path
      let outcome = try CommandLineTool.run(
        ["slurm", "submit", file.path, "--output", job, "--tasks", "2", "--allow-debug"],
        variables: ["PATH": directory.path])
      #expect(outcome.status == 1)
      #expect(outcome.messages.contains("expected Slurm's 'sbatch' in PATH, found none"), "\(outcome.messages)")
      #expect(outcome.messages.split(separator: "\n").count == 1)
      #expect(!FileManager.default.fileExists(atPath: job))
    }
  }

  @Test func `a dry run shows the tasks and the call of sbatch, whatever names hold, and needs no Slurm`() throws {
    try withDirectory { directory in
      let file = directory.appendingPathComponent("it's \"tiny\" $(touch x).yaml")
      try Data(Tiny.experiment.utf8).write(to: file)
      let job = directory.appendingPathComponent("the 'job' $(touch x)").path
      let arguments = ["slurm", "submit", file.path, "--output", job, "--tasks", "2", "--dry-run"]
      let outcome = try CommandLineTool.run(arguments, variables: ["PATH": "/nowhere"])
      #expect(outcome.status == 0, "\(outcome.messages)")
      #expect(outcome.output.contains("sbatch --parsable --array=1-2 --job-name=lookahead-tiny "))
      #expect(outcome.output.contains(" '--chdir=\(job.replacingOccurrences(of: "'", with: "'\\''"))' "))
      let json = try CommandLineTool.run(arguments + ["--json"], variables: ["PATH": "/nowhere"])
      let document = try #require(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
      let tasks = try #require(document["tasks"] as? [[String: Any]])
      #expect(tasks.compactMap { $0["points"] as? Int }.reduce(0, +) == 3)
      #expect((document["arguments"] as? [String])?.contains("--chdir=\(job)") == true)
      #expect(document["job_id"] is NSNull)
      #expect(!FileManager.default.fileExists(atPath: job))
    }
  }

  @Test func `no more tasks than points`() throws {
    try withDirectory { directory in
      let file = directory.appendingPathComponent("tiny.yaml")
      try Data(Tiny.experiment.utf8).write(to: file)
      let outcome = try CommandLineTool.run(
        "slurm", "submit", file.path, "--output", "job", "--tasks", "9", "--dry-run")
      #expect(outcome.messages.contains("3 points are to be measured, hence no more than 3 tasks"))
      #expect(outcome.output.contains("--array=1-3 "))
    }
  }

  /// Submits the tiny experiment with a scripted sbatch; returns the result and the remaining files of the job's
  /// directory.
  private func submit(_ sbatch: String, _ directory: URL) throws -> (outcome: CommandLineTool.Outcome, left: [String]) {
    let file = directory.appendingPathComponent("tiny.yaml")
    try Data(Tiny.experiment.utf8).write(to: file)
    let bin = directory.appendingPathComponent("bin")
    try FileManager.default.createDirectory(at: bin, withIntermediateDirectories: true)
    for (name, text) in [("sbatch", sbatch), ("squeue", ""), ("scontrol", "")] {
      let command = bin.appendingPathComponent(name)
      try Data("#!/bin/sh\n\(text)\n".utf8).write(to: command)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: command.path)
    }
    let job = directory.appendingPathComponent("job").path
    let outcome = try CommandLineTool.run(
      ["slurm", "submit", file.path, "--output", job, "--tasks", "2", "--partition", "nowhere", "--allow-debug"],
      variables: ["PATH": "\(bin.path):/usr/bin:/bin"])
    return (outcome, try FileManager.default.subpathsOfDirectory(atPath: job).sorted())
  }

  private static let made = [
    "job.json", "logs", "parts", "plan.jsonl", "submissions", "submissions/1.json", "task.sh",
  ]

  @Test func `what sbatch refuses is passed on, and nothing is left`() throws {
    try withDirectory { directory in
      let (outcome, left) = try submit(
        "echo 'sbatch: error: invalid partition specified: nowhere' >&2; exit 1", directory)
      #expect(outcome.status == 1)
      #expect(outcome.messages.contains("invalid partition specified: nowhere"), "\(outcome.messages)")
      #expect(left.isEmpty)
    }
  }

  @Test(arguments: ["echo hello; echo Submitted batch job 4711; echo bye", "echo '4711;big'"])
  func `a job that a wrapper around sbatch submits keeps its files`(sbatch: String) throws {
    try withDirectory { directory in
      let (outcome, left) = try submit(sbatch, directory)
      #expect(outcome.status == 0)
      #expect(outcome.messages.contains("job 4711: 2 tasks"), "\(outcome.messages)")
      #expect(left == Self.made)
    }
  }

  @Test(arguments: ["echo thank you", "kill -TERM $$"])
  func `a job that may have been submitted keeps its files, and the message says how to name it`(sbatch: String) throws
  {
    try withDirectory { directory in
      let (outcome, left) = try submit(sbatch, directory)
      #expect(outcome.status == 1)
      #expect(outcome.messages.contains("there may be a job, but its number is not known"), "\(outcome.messages)")
      #expect(outcome.messages.split(separator: "\n").count == 1)
      #expect(left == Self.made)
    }
  }

  @Test func `a dry run of a part lists its points, and parts list all`() throws {
    let whole = try CommandLineTool.json("run", Self.quick, "--dry-run", "--json")
    func ids(_ document: [String: Any]) -> [String] {
      (document["points"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
    }
    let parts = try (1...3).map {
      ids(try CommandLineTool.json("run", Self.quick, "--dry-run", "--json", "--shard", "\($0)/3"))
    }
    #expect(parts.allSatisfy { !$0.isEmpty })
    #expect(parts.joined().sorted() == ids(whole).sorted())
  }
}
