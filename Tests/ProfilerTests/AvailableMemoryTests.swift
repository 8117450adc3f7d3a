import Foundation
import TestSupport
import Testing

@testable import Profiler

@Suite struct AvailableMemoryTests {
  private func read(_ files: [String: String]) throws -> AvailableMemory? {
    try under(files) { AvailableMemory.read(root: $0) }
  }

  private func limit(_ files: [String: String]) throws -> AvailableMemory? {
    try under(files) { AvailableMemory.limit(root: $0) }
  }

  private func under<Result>(_ files: [String: String], _ body: (String) -> Result) throws -> Result {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("lookahead-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for (path, text) in files {
      let url = root.appendingPathComponent(path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    return body(root.path)
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

  @Test func `version 1 has the same limits under other names`() throws {
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

  @Test func `the smallest limit above the process's own group applies and is named`() throws {
    let files = [
      "proc/meminfo": "MemAvailable:  8388608 kB\n", "proc/self/cgroup": "4:memory:/outer/inner\n",
      "sys/fs/cgroup/memory/outer/inner/memory.limit_in_bytes": "9223372036854771712",
      "sys/fs/cgroup/memory/outer/inner/memory.usage_in_bytes": "1000",
      "sys/fs/cgroup/memory/outer/memory.limit_in_bytes": "300000000",
      "sys/fs/cgroup/memory/outer/memory.usage_in_bytes": "50000000",
    ]
    let group = "the memory limit of control group /outer"
    #expect(try read(files) == AvailableMemory(bytes: 250_000_000, limit: group))
    #expect(try limit(files) == AvailableMemory(bytes: 300_000_000, limit: group))
  }

  @Test func `limits of groups that a container does not see come from the kernel's sum`() throws {
    let files = [
      "proc/self/cgroup": "4:memory:/kubepods/pod1\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
      "sys/fs/cgroup/memory/memory.usage_in_bytes": "1000",
      "sys/fs/cgroup/memory/memory.stat": "total_inactive_file 0\nhierarchical_memory_limit 4000000",
    ]
    #expect(try limit(files)?.bytes == 4_000_000)
  }

  @Test func `a path of which only the end is mounted is followed from there`() throws {
    let files = [
      "proc/self/cgroup": "0::/host/pod/box\n", "sys/fs/cgroup/box/memory.max": "max",
      "sys/fs/cgroup/memory.max": "70000", "sys/fs/cgroup/memory.current": "0",
    ]
    #expect(try read(files) == AvailableMemory(bytes: 70_000, limit: "the memory limit of control group /"))
  }

  @Test func `memory beyond which a group is slowed down is not available`() throws {
    let files = [
      "proc/self/cgroup": "0::/job\n", "sys/fs/cgroup/job/memory.max": "max", "sys/fs/cgroup/job/memory.high": "9000",
      "sys/fs/cgroup/job/memory.current": "4000",
    ]
    #expect(try read(files)?.bytes == 5000)
  }

  @Test func `limits that the shell set count, minus the memory in use`() throws {
    let limits = """
      Limit                     Soft Limit           Hard Limit           Units
      Max data size             unlimited            unlimited            bytes
      Max address space         1536000              unlimited            bytes
      """
    let files = [
      "proc/meminfo": "MemAvailable:  8388608 kB\n", "proc/self/limits": limits,
      "proc/self/status": "VmSize:\t  1000 kB\nVmData:\t  10 kB",
    ]
    let name = "the limit of the address space (RLIMIT_AS, ulimit -v)"
    #expect(try read(files) == AvailableMemory(bytes: 512_000, limit: name))
    #expect(try limit(files) == AvailableMemory(bytes: 1_536_000, limit: name))
  }

  @Test func `this machine has available memory`() {
    #expect(AvailableMemory.read()?.bytes ?? 0 > 0)
  }
}
