import Support
import TestSupport
import Testing

@testable import Cluster

@Suite(.process) struct SlurmTests {
  private let recorded = RecordedSlurm()

  @Test func `squeue's lines are tasks, ended ones told apart`() throws {
    recorded.queue = """
      15|4|RUNNING|n3|None
      15|3|PENDING||BeginTime
      15|2|COMPLETED|n1|None
      15|1|CANCELLED by 0|n0|None

      """
    let tasks = try recorded.slurm.queue(["15", "16"])
    #expect(tasks.map(\.task) == [4, 3, 2, 1])
    #expect(tasks[0] == Slurm.QueuedTask(jobID: "15", task: 4, state: "RUNNING", node: "n3", reason: "None"))
    #expect(tasks[1].node.isEmpty && tasks[1].reason == "BeginTime")
    // Unknown states count as alive.
    #expect(tasks.map(\.hasEnded) == [false, false, true, false])
    #expect(recorded.calls(of: "squeue")[0].contains("--jobs=15,16"))
  }

  @Test func `a job that Slurm has forgotten has no tasks`() throws {
    recorded.answers["squeue"] = .init(status: 1, message: "slurm_load_jobs error: Invalid job id specified")
    #expect(try recorded.slurm.queue(["9"]).isEmpty)
  }

  @Test func `nothing is asked where nothing was submitted`() throws {
    #expect(try recorded.slurm.queue([]).isEmpty)
    #expect(recorded.calls.isEmpty)
  }

  @Test func `a controller that does not answer is no empty queue`() throws {
    recorded.answers["squeue"] = .init(
      status: 1, message: "slurm_load_jobs error: Unable to contact slurm controller (connect failure)")
    #expect {
      try recorded.slurm.queue(["9"])
    } throws: {
      "\($0)" == "squeue: slurm_load_jobs error: Unable to contact slurm controller (connect failure)"
    }
  }

  @Test(arguments: [
    ("4711\n", "4711"), ("4711;big\n", "4711"), ("Submitted batch job 4711\n", "4711"),
    ("Submitted batch job 4711 on cluster big\n", "4711"),
    ("module: loaded 3\nsbatch: Submitted batch job 4711\nbye\n", "4711"),
    ("Welcome\n\n 4711 \nquota: 12 of 40\n", "4711"),
    ("12 jobs waiting\n4711;big\n", "4711"), ("", nil), ("job 4711\n", nil), ("4711\n4712\n", nil), ("0\n", nil),
    ("47.11\n", nil),
  ])
  func `the number of a job is read from whatever line holds it`(output: String, id: String?) throws {
    #expect(Slurm.jobID(in: output) == id)
  }

  @Test func `sbatch that ended well without a number, or was cut off, may have submitted a job`() throws {
    recorded.jobs = ["4711;big", "thank you"]
    #expect(try recorded.slurm.submit([]) == .job("4711"))
    #expect(try recorded.slurm.submit([]) == .unknown("sbatch said 'thank you'"))
    let cut = Slurm { _, _ in throw SlurmUnanswered(description: "sbatch did not finish within 120 s") }
    #expect(try cut.submit([]) == .unknown("sbatch did not finish within 120 s"))
  }

  @Test func `what sbatch complains about is passed on`() throws {
    recorded.answers["sbatch"] = .init(status: 1, message: "sbatch: error: invalid partition specified: nowhere")
    #expect {
      try recorded.slurm.submit([])
    } throws: {
      "\($0)" == "sbatch: error: invalid partition specified: nowhere"
    }
  }

  @Test func `the largest array is read from the configuration`() throws {
    #expect(try recorded.slurm.maxArraySize() == 1001)
    recorded.answers["scontrol"] = .init(output: "nothing of the kind\n")
    #expect(try recorded.slurm.maxArraySize() == nil)
  }

  @Test func `a host without Slurm says so in a line`() throws {
    #expect {
      try Slurm.installed(path: "/nowhere:/dev")
    } throws: {
      "\($0)" == "expected Slurm's 'sbatch' in PATH, found none; run this on a host that submits to the cluster"
    }
  }
}
