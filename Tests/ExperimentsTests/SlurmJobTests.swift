import Foundation
import Support
import Testing

@testable import Cluster
@testable import Measurement
@testable import Plans

@Suite struct SlurmJobTests {
  private func job(
    _ body: String = TinyCluster.body, name: String? = nil, tasks: Int = 3, options: SlurmOptions? = nil,
    seconds: ((Point) -> Double)? = nil
  ) throws -> (SlurmJob, Plan) {
    let experiment = try experiment(body, overrides: name.map { ["name='\($0.replacing("'", with: "''"))'"] } ?? [])
    let plan = try Plan(experiment, cpuCount: 1)
    let estimate = TimeEstimate(experiment)
    return (
      SlurmJob(
        experiment, plan, tasks: tasks, estimate: seconds ?? { estimate.seconds($0).expected },
        options: try options ?? SlurmOptions(), settings: SlurmJob.Settings(), tool: "/opt/a tool",
        workingDirectory: "/"), plan
    )
  }

  @Test func `tasks share all points out, each once, and take about as long`() throws {
    let (job, plan) = try job(seconds: { Double($0.tokens) })
    let shards = try job.shards(of: plan)
    #expect(shards.count == 3)
    #expect(shards.joined().map(\.id).sorted() == plan.points.map(\.id).sorted())
    let loads = shards.map { $0.reduce(0) { $0 + $1.tokens } }
    // 1 + … + 7 over 3.
    #expect(loads.sorted() == [9, 9, 10])
  }

  @Test func `a shard is what 'run --shard' measures where both estimate alike`() throws {
    let (job, plan) = try job()
    let shards = try job.shards(of: plan)
    for index in 1...3 {
      let part = try Shard(index: index, count: 3).points(of: plan) { job.seconds[$0.id] ?? 0 }
      #expect(Set(shards[index - 1].map(\.id)) == part)
    }
  }

  @Test func `as few tasks as fit into a time`() throws {
    let (_, plan) = try job()
    func count(_ seconds: Double) -> Int? { SlurmJob.tasks(for: plan, within: seconds) { Double($0.tokens) } }
    #expect(count(28) == 1)
    #expect(count(14) == 2)
    #expect(count(13) == 3)
    #expect(count(7) == 4)
    #expect(count(6.9) == nil)
    #expect(count(-1) == nil)
  }

  @Test func `sbatch is asked for whole nodes, a requeue, and a signal to the script alone before the limit`() throws {
    let (job, _) = try job(options: SlurmOptions(partition: "bench", time: "60", atOnce: 2))
    #expect(
      job.arguments(tasks: [1, 2, 3], in: "/shared/it's a $(touch x) dir") == [
        "--parsable", "--array=1-3%2", "--job-name=lookahead-test", "--nodes=1", "--ntasks=1", "--exclusive",
        "--requeue", "--signal=B:TERM@120", "--open-mode=append", "--chdir=/shared/it's a $(touch x) dir",
        "--output=logs/%A_%a.log", "--partition=bench", "--mem=0", "--time=60",
        "/shared/it's a $(touch x) dir/task.sh", "/opt/a tool",
      ])
  }

  @Test(arguments: [
    #"{"partition": "a b\n--wrap=x"}"#, #"{"at_once": -9}"#, #"{"memory_bytes": 9223372036854775807}"#,
    #"{"time": "soon"}"#, #"{"nodes": "/etc/passwd"}"#,
  ])
  func `options in a job's file obey the rules of options`(json: String) {
    #expect(throws: (any Error).self) { try JSONDecoder().decode(SlurmOptions.self, from: Data(json.utf8)) }
  }

  @Test func `options survive the job's file`() throws {
    let options = try SlurmOptions(partition: "bench", memory: "64GiB", time: "1:30:00", atOnce: 2)
    #expect(try JSONDecoder().decode(SlurmOptions.self, from: JSONEncoder().encode(options)) == options)
  }

  @Test func `an experiment's name becomes letters that squeue prints`() throws {
    let (job, _) = try job(name: "it's \"a\" $(touch x)|%j")
    #expect(job.arguments(tasks: [1], in: "/d").contains("--job-name=lookahead-it_s__a____touch_x___j"))
  }

  @Test func `the script is one text, with nothing of a user's in it`() throws {
    #expect(
      SlurmJob.script.split(separator: "\n").filter { !$0.hasPrefix("#") } == ["exec \"$1\" slurm task"])
    #expect(SlurmJob.script.hasPrefix("#!/bin/sh\n"))
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path, name: "a 'b' $(touch x)")
      #expect(try readTextFile("\(cluster.directory.path)/task.sh") == SlurmJob.script)
    }
  }

  @Test(arguments: [([3], "3"), ([1, 2, 3], "1-3"), ([7, 1, 2, 4, 5], "1-2,4-5,7")])
  func `tasks are written as ranges`(tasks: [Int], expected: String) {
    #expect(SlurmJob.ranges(tasks) == expected)
  }

  @Test func `a job survives its file, whatever its names hold`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path, name: "a 'b' \"c\" $(touch x) #")
      let read = try SlurmDirectory(opening: cluster.directory.path)
      #expect(read.job == cluster.directory.job)
      #expect(read.plan == cluster.plan)
      #expect(try read.job.readExperiment() == cluster.experiment)
    }
  }
}
