import CSeccomp
import Foundation
import Support
import Synchronization
import TestSupport
import Testing

@testable import Profiler

/// The result of `body` on a thread whose mbind and move_pages fail with `code`, as in a container.
private func denied<Result: Sendable>(_ code: Int32, _ body: @escaping @Sendable () throws -> Result) throws -> Result {
  let result = Mutex<Swift.Result<Result, any Error>?>(nil)
  let done = DispatchSemaphore(value: 0)
  // The filter cannot be removed; it ends with its thread.
  Thread {
    let status = seccomp_deny_placement(code)
    let outcome = Swift.Result {
      guard status == 0 else { throw SystemError(call: "seccomp", code: -status) }
      return try body()
    }
    result.withLock { $0 = outcome }
    done.signal()
  }.start()
  done.wait()
  return try #require(result.withLock { $0 }).get()
}

/// The denial is real: a seccomp filter on the test's own thread.
@Suite(.machine) struct DeniedPlacementTests {
  let topology = Topology.read()

  @Test(arguments: [EPERM, ENOSYS]) func `a denied mbind leaves usable memory and says what to do`(code: Int32) throws {
    let node = try #require(topology.allowedNodes.first)
    let topology = topology
    let notes = try denied(code) {
      let memory = try PlacedMemory(bytes: 1 << 20, policy: .node(node), topology: topology)
      try memory.touch()
      return memory.notes
    }
    #expect(notes.count == 1)
    #expect(notes.first?.contains("mbind: denied") == true)
    #expect(notes.first?.contains("--cap-add SYS_NICE") == true)
  }

  @Test func `without move_pages the nodes are those of numa_maps`() throws {
    let topology = topology
    let report = try denied(EPERM) {
      let memory = try PlacedMemory(bytes: 1 << 20, topology: topology)
      try memory.touch()
      return memory.verify()
    }
    #expect(report.notes.contains { $0.contains("move_pages: denied") })
    if FileManager.default.fileExists(atPath: "/proc/self/numa_maps") {
      #expect(report.pagesPerNode?.values.reduce(0, +) == 256)
      #expect(report.untouchedPages == 0)
    } else {
      #expect(report.pagesPerNode == nil)
    }
    // numa_maps does not tell which page lies where.
    #expect(report.misplacedPages == nil)
  }

  @Test func `doctor names both system calls, and the fix`() throws {
    let topology = topology
    let items = try denied(EPERM) { [Diagnosis.mbind(topology), Diagnosis.movePages(topology)] }
    #expect(items.map(\.name) == ["mbind", "move_pages"])
    for item in items {
      #expect(item.status != .ok)
      #expect(item.reason.contains("seccomp"))
      #expect(item.fix?.contains("--cap-add SYS_NICE") == true)
    }
  }

  @Test func `one memory node needs no system call for local memory`() throws {
    let files = FakeMachine.files(packages: 1, clustersPerPackage: 1, coresPerCluster: 2, threadsPerCore: 1)
    let single = try FakeMachine(files).read { Topology.read(root: $0) }
    let notes = try denied(EPERM) {
      try PlacedMemory(bytes: 1 << 20, policy: .local, owners: [0, 1], topology: single).notes
    }
    #expect(notes.isEmpty)
  }
}
