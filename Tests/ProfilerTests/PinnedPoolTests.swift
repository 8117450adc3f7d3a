import CLinux
import Support
import Synchronization
import TestSupport
import Testing

@testable import Profiler

@Suite(.machine) struct PinnedPoolTests {
  let cpus = Topology.read().allowedCPUs

  @Test func `every worker runs on its own CPU`() throws {
    let pool = try PinnedPool(cpus: cpus)
    #expect(pool.verifiedCPUs == cpus)
    #expect(pool.map { _ in currentAffinity() } == cpus.map { [$0] })
  }

  @Test func `the caller keeps its affinity`() throws {
    let before = currentAffinity()
    let pool = try PinnedPool(cpus: Array(cpus.prefix(1)))
    pool.run { _ in }
    #expect(currentAffinity() == before)
  }

  @Test func `run executes the work once per worker, every time`() throws {
    let pool = try PinnedPool(cpus: cpus)
    let calls = Mutex([Int](repeating: 0, count: pool.threadCount))
    for _ in 0..<1000 { pool.run { index in calls.withLock { $0[index] += 1 } } }
    #expect(calls.withLock { $0 } == [Int](repeating: 1000, count: pool.threadCount))
  }

  @Test func `a worker that was moved after its verification is found`() throws {
    let pool = try PinnedPool(cpus: [cpus[0]])
    #expect(pool.displacement() == nil)
    guard cpus.count > 1 else { return }
    pool.run { _ in
      var other = Int32(cpus[1])
      _ = linux_set_affinity(&other, 1)
    }
    #expect(pool.displacement()?.contains("thread 0 should run on CPU \(cpus[0]), but may use CPUs \(cpus[1])") == true)
  }

  @Test func `one thread works`() throws {
    let pool = try PinnedPool(cpus: [cpus[0]])
    #expect(pool.map { $0 } == [0])
  }

  @Test func `several threads may share a CPU`() throws {
    let pool = try PinnedPool(cpus: [cpus[0], cpus[0], cpus[0]])
    #expect(pool.map { $0 * 10 } == [0, 10, 20])
  }

  @Test func `after a barrier every worker sees what the others wrote before it`() throws {
    let pool = try PinnedPool(cpus: [cpus[0], cpus[0], cpus[cpus.count - 1], cpus[cpus.count - 1]])
    let arrivals = Atomic<Int>(0)
    for round in 1...100 {
      let seen = pool.map { _ in
        arrivals.add(1, ordering: .relaxed)
        pool.barrier()
        return arrivals.load(ordering: .relaxed)
      }
      #expect(seen == [Int](repeating: 4 * round, count: 4))
    }
  }

  @Test func `timed covers the longest part`() throws {
    let pool = try PinnedPool(cpus: cpus)
    let parts = Mutex<[UInt64]>([])
    let total = pool.timed { _ in
      let start = Clock.now()
      while Clock.now() - start < 100_000 {}
      let elapsed = Clock.now() - start
      parts.withLock { $0.append(elapsed) }
    }
    #expect(total >= parts.withLock { $0.max() ?? 0 })
  }

  @Test func `a pool on a CPU that does not exist is not available`() {
    #expect(throws: NotAvailable.self) { try PinnedPool(cpus: [cpus[0], 100_000]) }
    #expect(throws: NotAvailable.self) { try PinnedPool(cpus: [-1]) }
    #expect(throws: NotAvailable.self) { try PinnedPool(cpus: [Int(Int32.max)]) }
    #expect(throws: NotAvailable.self) { try PinnedPool(cpus: [Int.max]) }
  }
}
