import Testing

@testable import AccessStreams
@testable import Machines
@testable import Profiles
@testable import Simulation

/// One profile for many machines, compared with the exact simulation of each.
@Suite struct WorkloadProfileTests {
  /// Two threads: each reads random rows of a shared table, sums into its own buffer and writes a long result once.
  private struct Rows: Workload {
    let tokens = 600
    let threads = 2
    let phases = [PhaseWork(name: "sum"), PhaseWork(name: "write")]

    func emit(to stream: AccessStream) {
      let rows = AccessPattern.random.lines(count: tokens * 16, span: 2000)
      for token in 0..<tokens {
        stream.core = UInt16(token % 2)
        stream.enter(phase: 0)
        for table in 0..<16 { stream.gather(rows[token * 16 + table] * 256, bytes: 256) }
        stream.enter(phase: 1)
        stream.read(1 << 30 + UInt64(token % 2) * 4096, bytes: 1024)
        stream.write(1 << 31 + UInt64(token) * 1024, bytes: 1024)
      }
    }
  }

  private let machines = [
    Machine(
      name: "private and shared", cores: 2,
      caches: [
        cache(sets: 64, ways: 8), cache("L2", sets: 512, ways: 8), cache("L3", sets: 1024, ways: 12, sharedBy: 2),
      ]),
    Machine(
      name: "victim", cores: 2,
      caches: [
        cache(sets: 64, ways: 8), cache("L2", sets: 256, ways: 8),
        cache("L3", sets: 512, ways: 8, sharedBy: 2, inclusion: .victim),
      ]),
  ]

  @Test func `the traffic of a profile is that of the simulation within five per cent of the accesses`() throws {
    let profile = try WorkloadProfile(Rows(), sharings: [1, 2])
    for machine in machines {
      let predicted = try #require(Traffic(profile, on: machine))
      let simulated = try Traffic(simulating: Rows(), on: machine)
      #expect(predicted.levelNames == simulated.levelNames)
      let accesses = Double(try #require(simulated.total).accesses)
      func near(_ a: UInt64, _ b: UInt64, _ what: String) {
        #expect(
          abs(Double(a) - Double(b)) < 0.05 * accesses, "\(machine.name), \(what): predicted \(a), simulated \(b)")
      }
      for (phase, (p, s)) in zip(predicted.phases, simulated.phases).enumerated() {
        #expect(p.accesses == s.accesses)
        near(p.memory.reads, s.memory.reads, "phase \(phase) memory reads")
        for level in p.levels.indices {
          near(p.levels[level].misses, s.levels[level].misses, "phase \(phase) misses of level \(level)")
        }
        for (source, (a, b)) in zip(p.gatherSources, s.gatherSources).enumerated() {
          near(a, b, "phase \(phase) gathers found at \(source)")
        }
      }
      // A profile counts a write-back in the phase that stored, the simulator in the phase that displaced the line;
      // the totals agree.
      let (p, s) = (try #require(predicted.total), try #require(simulated.total))
      near(p.memory.writes, s.memory.writes, "memory writes")
      for level in p.levels.indices {
        near(p.levels[level].writebacks, s.levels[level].writebacks, "write-backs of level \(level)")
      }
    }
  }

  /// Every machine of the grid differs from the others in one cache or in none.
  @Test func `machines that share parts of a profile each get their own result`() throws {
    let profile = try WorkloadProfile(Rows(), sharings: [1, 2])
    let shared = ProfiledTraffic(profile)
    var grid: [Machine] = []
    for machine in machines {
      for bytes in [64, 128, 200].map({ $0 * 1024 }) {
        for bandwidth in [10.0, 20] {
          var other = machine
          other.caches[1].sizeBytes = bytes
          other.caches[1].bytesPerCycle = bandwidth
          grid.append(other)
        }
      }
    }
    let together = try concurrentMap(grid) { shared.traffic(on: $0) }
    #expect(together == grid.map { ProfiledTraffic(profile).traffic(on: $0) })
    #expect(
      Set(together.compactMap { $0?.total?.levels[1].misses }).count == 3, "each size misses its own, of either kind")
  }

  @Test func `a machine that the profile was not made for gets no traffic`() throws {
    let profile = try WorkloadProfile(Rows(), sharings: [1])
    #expect(Traffic(profile, on: machines[0]) == nil, "no profile of two cores that share a cache")
    let coarse = Machine(
      name: "long lines", caches: [CacheDescription(name: "L1", sizeBytes: 32 << 10, ways: 8, lineBytes: 128)])
    #expect(Traffic(profile, on: coarse) == nil)
  }

  @Test func `machines are simulated at the same time, each as if alone`() throws {
    let together = try concurrentMap(machines + machines) { try Traffic(simulating: Rows(), on: $0) }
    let alone = try machines.map { try Traffic(simulating: Rows(), on: $0) }
    #expect(together == alone + alone)
    #expect(
      message {
        _ = try concurrentMap(machines + [Machine(name: "one", cores: 1, caches: [cache(sets: 4, ways: 2)])]) {
          try Traffic(simulating: Rows(), on: $0)
        }
      }.contains("expected at most the 1 cores of one"))
  }
}
