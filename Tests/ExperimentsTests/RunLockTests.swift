import Foundation
import Support
import TestSupport
import Testing

@testable import Measurement
@testable import Plans
@testable import RunStore

@Suite(.process) struct RunLockTests {
  private func open(_ path: String, restart: Bool = false, fileSystem: FileSystemKind = .init(network: nil)) throws
    -> RunDirectory
  {
    let experiment = try experiment("sweeps: [{name: a, set: {kernel: dense}}]")
    return try RunDirectory.createOrResume(
      at: path, plan: Plan(experiment, cpuCount: 1),
      manifest: Manifest(experiment: experiment, commandLine: [], host: "h", toolVersion: "1"), restart: restart,
      fileSystem: fileSystem)
  }

  private func complaint(_ body: () throws -> RunDirectory) -> String {
    do { return "none: \(try body().path)" } catch { return "\(error)" }
  }

  @Test func `the second run into a directory hears who has it, and changes nothing`() throws {
    try withTemporaryDirectory { path in
      let first = try open(path)
      for restart in [false, true] {
        let text = complaint { try open(path, restart: restart) }
        let holder = "process \(getpid()) on \(ProcessInfo.processInfo.hostName), since 2"
        #expect(text.hasPrefix("\(path): \(holder)"), "\(text)")
      }
      // Readers come and go.
      #expect(try RunDirectory(opening: path).plan.points.count == 1)
      withExtendedLifetime(first) {}
    }
  }

  @Test func `a directory is free when its run is over`() throws {
    try withTemporaryDirectory { path in
      _ = try open(path)
      #expect(complaint { try open(path) }.hasPrefix("none"))
    }
  }

  @Test func `a lock goes with its process`() throws {
    try withTemporaryDirectory { path in
      _ = try open(path)
      // A process that locks the directory and is killed leaves nothing to clean up.
      let process = try ChildProcess.run(
        URL(fileURLWithPath: "/bin/sh"), ["-c", "exec 9<\(path); flock -n 9 && kill -KILL $$"], seconds: 30)
      #expect(process.ending == .signalled(SIGKILL))
      #expect(complaint { try open(path) }.hasPrefix("none"))
    }
  }

  @Test(arguments: [
    (0x6969, "NFS"), (0x0BD0_0BD0, "Lustre"), (0xFF53_4D42, "CIFS"), (0xFE53_4D42, "SMB"), (0x6573_5546, "FUSE"),
  ])
  func `a network file system is refused by name, with what to do, before anything is made`(magic: Int, name: String)
    throws
  {
    try withTemporaryDirectory { parent in
      let path = "\(parent)/run"
      let text = complaint { try open(path, fileSystem: FileSystemKind(magic: Int64(magic))) }
      #expect(text.contains("found \(name), on which it would be corrupted"), "\(text)")
      #expect(text.contains("--output"))
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }

  @Test func `local file systems are not refused`() {
    // ext4, xfs, btrfs, tmpfs, overlay.
    for magic in [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0x794C_7630] {
      #expect(FileSystemKind(magic: Int64(magic)).network == nil)
    }
    #expect(FileSystemKind.of("/proc/self/no/such/path").network == nil)
  }

  @Test func `a start that was killed before it was a run is begun anew`() throws {
    try withTemporaryDirectory { path in
      _ = try open(path)
      // The files that exist just before the manifest does.
      try FileManager.default.moveItem(atPath: path + "/manifest.json", toPath: path + "/manifest.json.1.new")
      #expect(complaint { try open(path) }.hasPrefix("none"))
      #expect(!FileManager.default.fileExists(atPath: path + "/manifest.json.1.new"))
      // Killed before the database had a page.
      try withTemporaryDirectory { other in
        try Data().write(to: URL(fileURLWithPath: other + "/results.sqlite"))
        #expect(complaint { try open(other) }.hasPrefix("none"))
      }
    }
  }

  @Test func `a directory with results and no manifest is left alone`() throws {
    try withTemporaryDirectory { path in
      try {
        let run = try open(path)
        let point = run.plan.points[0]
        try run.store.finish(
          PointOutcome(result: ResultRow(runID: "r", host: "h", point: point, status: .failed, reason: "wrong")))
        try run.store.close()
      }()
      try FileManager.default.removeItem(atPath: path + "/manifest.json")
      #expect(complaint { try open(path) }.contains("expected an empty directory or a run directory"))
      #expect(FileManager.default.fileExists(atPath: path + "/results.sqlite"))
    }
  }
}
