import Foundation
import Support
import Testing

@testable import Cluster

@Suite struct SlurmDirectoryTests {
  @Test(arguments: ["100%", "back\\slash", "line\nbreak", "bell\u{7}"])
  func `a path that Slurm would change is refused, and nothing is made`(name: String) throws {
    try withTemporaryDirectory { path in
      #expect(throws: InputError.self) { try TinyCluster(in: path, name: name) }
      let made = try FileManager.default.contentsOfDirectory(atPath: path)
      #expect(made.isEmpty)
    }
  }

  @Test func `a directory that holds something is left alone`() throws {
    try withTemporaryDirectory { path in
      try FileManager.default.createDirectory(atPath: "\(path)/job", withIntermediateDirectories: true)
      try Data("mine".utf8).write(to: URL(fileURLWithPath: "\(path)/job/notes"))
      #expect {
        try TinyCluster(in: path)
      } throws: {
        "\($0)".contains("expected an empty directory or none, found 'notes' in it")
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(path)/job") == ["notes"])
    }
  }

  @Test func `what is no job, or a damaged one, is named`() throws {
    try withTemporaryDirectory { path in
      func complaint(_ path: String) -> String {
        do { _ = try SlurmDirectory(opening: path) } catch { return "\(error)" }
        return "none"
      }
      #expect(complaint(path).contains("expected the directory of a 'slurm submit', found no job.json"))
      let cluster = try TinyCluster(in: path)
      let file = "\(cluster.directory.path)/job.json"
      let text = try readTextFile(file)
      try Data(text.prefix(text.count / 2).utf8).write(to: URL(fileURLWithPath: file))
      #expect(complaint(cluster.directory.path) == "\(file): expected a job of lookahead/slurm/1")
    }
  }

  @Test func `a submission is noted with its job and tasks, one that failed is not`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path)
      cluster.slurm.jobs = ["101"]
      try cluster.directory.submit([2, 3], to: cluster.slurm.slurm)
      cluster.slurm.answers["sbatch"] = .init(status: 1, message: "sbatch: error: no")
      #expect(throws: SlurmFailed.self) { try cluster.directory.submit([1], to: cluster.slurm.slurm) }
      let submissions = try cluster.directory.submissions()
      #expect(submissions.map(\.jobID) == ["100", "101"])
      #expect(submissions.map(\.tasks) == [[1, 2, 3], [2, 3]])
    }
  }

  @Test func `a submission whose job number is unknown stays, and says what to do`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path)
      cluster.slurm.jobs = ["thank you"]
      let file = "\(cluster.directory.path)/submissions/2.json"
      #expect {
        try cluster.directory.submit([2], to: cluster.slurm.slurm)
      } throws: {
        "\($0)".hasPrefix("sbatch said 'thank you': there may be a job, but its number is not known;")
          && "\($0)".hasSuffix("if so, write its number as \"job_id\" into \(file), else remove that file")
      }
      #expect(try cluster.directory.submissions().map(\.jobID) == ["100", nil])
      // Nothing is submitted a second time.
      func collect() throws -> SlurmCollection {
        try SlurmCollection(
          cluster.directory, slurm: cluster.slurm.slurm, into: "\(path)/whole", resubmits: true, scratch: path)
      }
      cluster.slurm.jobs = ["102"]
      let collection = try collect()
      #expect(collection.resubmitted?.tasks == [1, 3])
      #expect(collection.progress.tasks(.nameJob, attempts: 3) == [2])
      #expect(collection.unnamed.map(\.tasks) == [[2]])
      try FileManager.default.removeItem(atPath: file)
      cluster.slurm.queue = "102|1|RUNNING|n1|None\n102|3|RUNNING|n3|None\n"
      #expect(try collect().resubmitted?.tasks == [2])
    }
  }

  @Test func `what was created is removed, and nothing else`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path)
      try FileManager.default.removeItem(atPath: "\(cluster.directory.path)/submissions/1.json")
      try Data("mine".utf8).write(to: URL(fileURLWithPath: "\(cluster.directory.path)/logs/mine"))
      try cluster.directory.remove()
      #expect(
        try FileManager.default.subpathsOfDirectory(atPath: cluster.directory.path).sorted() == ["logs", "logs/mine"])
    }
  }

  @Test func `an array that the cluster does not take is refused with its limit`() throws {
    try withTemporaryDirectory { path in
      let cluster = try TinyCluster(in: path)
      #expect {
        try cluster.directory.submit([1, 1001], to: cluster.slurm.slurm)
      } throws: {
        "\($0)".contains("expected at most 1000")
      }
    }
  }
}
