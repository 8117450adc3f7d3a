import InputFiles
import Testing

@testable import Experiments

@Suite struct SlurmTests {
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
    // What is not known counts as alive.
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

  @Test func `the number of a job is the first field`() throws {
    recorded.jobs = ["4711;big", "Submitted"]
    #expect(try recorded.slurm.submit([]) == "4711")
    #expect(throws: SlurmFailed.self) { try recorded.slurm.submit([]) }
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
