import Foundation
import TestSupport
import Testing

@testable import Profiler

@Suite struct AvailableMemoryTests {
  private func read(_ files: [String: String]) throws -> AvailableMemory? {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("lookahead-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for (path, text) in files {
      let url = root.appendingPathComponent(path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    return AvailableMemory.read(root: root.path)
  }

  private let meminfo = "MemTotal:  2000 kB\nMemFree:  100 kB\nMemAvailable:  1000 kB\n"

  @Test func `without control groups it is MemAvailable`() throws {
    #expect(try read(["proc/meminfo": meminfo]) == AvailableMemory(bytes: 1_024_000, limit: "MemAvailable"))
    #expect(try read([:]) == nil)
  }

  @Test func `a limit of a control group above counts, and cached files give way`() throws {
    let files = [
      "proc/meminfo": meminfo, "proc/self/cgroup": "0::/job/step\n",
      "sys/fs/cgroup/job/step/memory.max": "max\n", "sys/fs/cgroup/job/step/memory.current": "5\n",
      "sys/fs/cgroup/job/memory.max": "500000\n", "sys/fs/cgroup/job/memory.current": "450000\n",
      "sys/fs/cgroup/job/memory.stat": "anon 350000\ninactive_file 100000\n",
    ]
    #expect(try read(files) == AvailableMemory(bytes: 150_000, limit: "the memory limit of control group /job"))
  }

  @Test func `version 1 keeps the same under other names`() throws {
    let files = [
      "proc/meminfo": meminfo, "proc/self/cgroup": "5:cpu:/a\n4:memory:/a\n0::/\n",
      "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "300000",
      "sys/fs/cgroup/memory/a/memory.usage_in_bytes": "290000",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
      "sys/fs/cgroup/memory/memory.usage_in_bytes": "290000",
    ]
    #expect(try read(files) == AvailableMemory(bytes: 10_000, limit: "the memory limit of control group /a"))
  }

  @Test func `in a container, whose own group is mounted as the root, the root's limit counts`() throws {
    let files = [
      "proc/meminfo": meminfo, "proc/self/cgroup": "0::/docker/0123\n", "sys/fs/cgroup/memory.max": "100000",
      "sys/fs/cgroup/memory.current": "120000",
    ]
    #expect(try read(files) == AvailableMemory(bytes: 0, limit: "the memory limit of control group /"))
  }

  @Test func `this machine says something`() {
    #expect(AvailableMemory.read()?.bytes ?? 0 > 0)
  }
}
