import Support
import Testing

@testable import AccessStreams
@testable import Machines
@testable import Projection
@testable import Simulation

@Suite struct ProjectionTests {
  /// 4 cores of 2 GHz with two 512-bit FMA units: 128 GFLOP/s of fp32 each. Memory without a curve unless given.
  private func machine(
    overlap: Bool = true, latency: Double = 100, linesInFlight: Double = 10, most: Double = 50
  ) -> Machine {
    Machine(
      name: "test", cores: 4, frequencyGHz: 2,
      simd: VectorUnits(isa: "avx512", widthBits: 512, fmaUnits: 2, gemmEfficiency: 1),
      caches: [
        CacheDescription(name: "L1", sizeBytes: 4096, ways: 4, latencyCycles: 4, bytesPerCycle: 64),
        CacheDescription(name: "L2", sizeBytes: 32_768, ways: 8, latencyCycles: 16, bytesPerCycle: 32),
        CacheDescription(name: "L3", sizeBytes: 262_144, ways: 16, latencyCycles: 40, bytesPerCycle: 16),
      ],
      transfersOverlap: overlap,
      memory: [
        MemoryDescription(
          name: "dram", peakGigabytesPerSecond: 4 * most, idleLatencyNanoseconds: latency,
          // A flat curve, so that the expected figures can be worked out by hand.
          curve: [
            LoadedLatencyCurve(
              readRatio: 1,
              points: [
                .init(gigabytesPerSecond: 0, nanoseconds: latency),
                .init(gigabytesPerSecond: most, nanoseconds: latency),
              ])
          ],
          linesInFlightPerCore: linesInFlight)
      ])
  }

  private struct Job: Workload {
    var tokens = 1000
    var threads = 1
    var phases: [PhaseWork]
    var accesses: @Sendable (AccessStream) -> Void = { _ in }
    func emit(to stream: AccessStream) {
      stream.enter(phase: 0)
      accesses(stream)
    }
  }

  private func project(_ job: Job, on machine: Machine) throws -> Projection {
    try Projection.project(job, traffic: Traffic(simulating: job, on: machine), on: machine)
  }

  private func isClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-6 * max(abs(a), abs(b)) }

  /// Reads 1 MiB in whole lines, four times what the last level holds, so that every line comes from memory.
  private func stream(threads: Int = 1) -> Job {
    Job(threads: threads, phases: [PhaseWork(name: "stream")]) { stream in
      for line in 0..<UInt64(1 << 14) {
        stream.core = UInt16(line % UInt64(threads))
        stream.read(line * 64, bytes: 64)
      }
    }
  }

  private func gathers(independentRows: Double, threads: Int = 1, count: UInt64 = 1 << 14) -> Job {
    let work = PhaseWork(name: "gather", independentRows: independentRows)
    return Job(tokens: Int(count), threads: threads, phases: [work]) { stream in
      for line in 0..<count {
        stream.core = UInt16(line % UInt64(threads))
        stream.gather(line * 64, bytes: 64)
      }
    }
  }

  @Test func `pure arithmetic runs at exactly the peak`() throws {
    // 1000 tokens of 64,000 FMAs at 16 lanes x 2 units x 2 GHz = 64e9 FMA/s and core.
    let job = Job(phases: [PhaseWork(name: "gemm", multiplyAdds: 64e6)])
    let result = try project(job, on: machine())
    #expect(isClose(result.tokensPerSecond, 1000 / 1e-3))
    #expect(result.limiter == .compute)
    var four = job
    four.threads = 4
    #expect(isClose(try project(four, on: machine()).tokensPerSecond, 4 * result.tokensPerSecond))
  }

  @Test func `narrow operands multiply at the machine's own rate, and all other operations at fp32's`() throws {
    var narrow = machine()
    narrow.simd?.bf16PerCycle = 64
    narrow.simd?.int8PerCycle = 96
    func time(_ operands: OperandType, other: Double = 0) throws -> Double {
      let job = Job(
        phases: [PhaseWork(name: "gemm", multiplyAdds: 1e6, otherOperations: other, operands: operands)])
      return try 1 / project(job, on: narrow).tokensPerSecond
    }
    // fp32: 2 units of 16 lanes.
    #expect(isClose(try time(.fp32) / time(.bf16), 2))
    #expect(isClose(try time(.fp32) / time(.int8), 3))
    #expect(isClose(try time(.int8, other: 1e6) - time(.int8), try time(.fp32)))
  }

  @Test func `matrix units do not speed up vector instructions, which hold two bf16 numbers for a float`() throws {
    func time(_ operands: OperandType, perCycle: Double) throws -> Double {
      var narrow = machine()
      narrow.simd?.bf16PerCycle = perCycle
      var work = PhaseWork(name: "blocks", multiplyAdds: 1e6, operands: operands)
      work.usesVectorsOnly = true
      return try 1 / project(Job(phases: [work]), on: narrow).tokensPerSecond
    }
    #expect(isClose(try time(.fp32, perCycle: 512) / time(.bf16, perCycle: 512), 2))
    #expect(isClose(try time(.fp32, perCycle: 48) / time(.bf16, perCycle: 48), 1.5))
  }

  @Test func `the band of narrow operands is as wide as their rate is uncertain`() throws {
    let job = Job(phases: [PhaseWork(name: "gemm", multiplyAdds: 64e6, operands: .bf16)])
    func high(_ tag: Provenance.Tag) throws -> Double {
      var machine = machine()
      machine.simd?.bf16PerCycle = 64
      machine.provenance["simd.bf16_per_cycle"] = Provenance(tag: tag, source: "a test")
      return try project(job, on: machine).high
    }
    #expect(isClose(try high(.assumed) / high(.measured), 1.25 / 1.05))
  }

  @Test func `a machine that gives no rate for an operand type gets no projection of it, and names the key`() throws {
    let job = Job(phases: [
      PhaseWork(name: "gemm", multiplyAdds: 1e6, operands: .bf16), PhaseWork(name: "pass", loadBytes: 64),
    ])
    let machine = machine()
    #expect(machine.keysMissing(for: job.phases) == ["simd.bf16_per_cycle"])
    do {
      _ = try project(job, on: machine)
      Issue.record("projected without a rate")
    } catch {
      #expect("\(error)".hasSuffix("missing: simd.bf16_per_cycle"), "\(error)")
    }
    // A phase that multiplies nothing needs no rate.
    #expect(machine.keysMissing(for: [PhaseWork(name: "pass", loadBytes: 64, operands: .int8)]).isEmpty)
  }

  @Test func `loads and stores have separate bandwidths to L1, and the slower one limits`() throws {
    func result(_ loads: Double, _ stores: Double) throws -> Projection {
      try project(Job(phases: [PhaseWork(name: "copy", loadBytes: loads, storeBytes: stores)]), on: machine())
    }
    let loading = try result(128e6, 32e6)
    #expect(isClose(loading.tokensPerSecond, 1000 / 1e-3), "128 MB at 64 B/cycle x 2 GHz take 1 ms")
    #expect(loading.limiter == .l1)
    #expect(isClose(try result(32e6, 128e6).tokensPerSecond, 1000 / 2e-3), "stores have half of the loads' bandwidth")
  }

  @Test func `a load of one number takes the place of a whole vector`() throws {
    let narrow = Job(phases: [PhaseWork(name: "broadcast", narrowLoads: 2e6)])
    let wide = Job(phases: [PhaseWork(name: "load", loadBytes: 128e6)])
    #expect(
      isClose(try project(narrow, on: machine()).tokensPerSecond, try project(wide, on: machine()).tokensPerSecond))
  }

  @Test func `instructions start at the machine's issue width`() throws {
    var machine = machine()
    machine.simd?.issueWidth = 4
    let job = Job(phases: [PhaseWork(name: "addresses", scalarInstructions: 8e6)])
    #expect(isClose(try project(job, on: machine).phases[0].seconds, 1e-3), "8 million at 4 a cycle and 2 GHz")
  }

  @Test func `chains shorter than the window overlap, longer ones wait for every step`() throws {
    var machine = machine()
    machine.simd?.latencyCycles = 4
    machine.simd?.schedulerWindow = 100
    func seconds(_ operations: Double, multiplyAdds: Double = 0) throws -> Double {
      // A million vectors' steps of 16 lanes.
      let chains = Chains(steps: 16e6, operations: operations)
      let work = PhaseWork(name: "chain", multiplyAdds: multiplyAdds, chains: chains)
      return try project(Job(phases: [work]), on: machine).phases[0].seconds
    }
    #expect(isClose(try seconds(25), 1e6 * 4 / 4 / 2e9), "four chains in the window")
    #expect(isClose(try seconds(1000), 1e6 * 4 / 2e9))
    // 1 ms of arithmetic beside 2 ms of chains.
    #expect(isClose(try seconds(1000, multiplyAdds: 64e6), 5.0.squareRoot() * 1e-3))
  }

  @Test(arguments: [0.0, 0.75, 1])
  func `a core hides the machine's share of its work behind transfers`(overlap: Double) throws {
    var machine = machine()
    machine.overlap = overlap
    let work = PhaseWork(name: "both", multiplyAdds: 64e3)
    let job = Job(phases: [work]) { $0.read(0, bytes: 16_384) }
    let (arithmetic, transfers) = (1e-6, 16_384 / (32 * 2e9))
    #expect(
      isClose(try project(job, on: machine).phases[0].seconds, arithmetic + (1 - overlap) * transfers))
  }

  @Test func `no improved figure makes a projection slower`() throws {
    let work = PhaseWork(
      name: "mixed", multiplyAdds: 1e6, otherOperations: 1e5, loadBytes: 2e6, storeBytes: 1e6, narrowLoads: 1e5,
      scalarInstructions: 1e6, chains: Chains(steps: 1e6, operations: 30), independentRows: 4, rowBytes: 256)
    let job = Job(phases: [work]) { stream in
      for row in 0..<UInt64(2000) { stream.gather(row * 7919 * 64, bytes: 256) }
      stream.read(0, bytes: 65_536)
    }
    for machine in try MachineCatalogue.bundled().machines() {
      let all = try Sensitivity.all(
        phases: job.phases, tokens: job.tokens, threads: 1, traffic: Traffic(simulating: job, on: machine), on: machine)
      for one in all {
        let falls = one.parameter.contains("latency")
        let (worse, better) =
          falls
          ? (one.tokensPerSecondAtPlusTenth, one.tokensPerSecondAtMinusTenth)
          : (one.tokensPerSecondAtMinusTenth, one.tokensPerSecondAtPlusTenth)
        #expect(better >= worse * (1 - 1e-9), "\(one.parameter) of \(machine.name)")
      }
    }
  }

  @Test func `a working set in L2 is limited by L2, one in L3 by L3`() throws {
    for (bytes, limiter, bytesPerCycle) in [(16_384, Limiter.l2, 32.0), (131_072, .l3, 16.0)] {
      let job = Job(phases: [PhaseWork(name: "sweep")]) { $0.read(0, bytes: bytes) }
      let result = try project(job, on: machine())
      #expect(result.limiter == limiter)
      #expect(isClose(result.phases[0].seconds, Double(bytes) / (bytesPerCycle * 2e9)))
    }
  }

  @Test func `enough threads saturate the memory, and half the bandwidth is half the tokens`() throws {
    let fast = try project(stream(threads: 4), on: machine(linesInFlight: 40))
    #expect(fast.limiter == .memory)
    #expect(isClose(fast.phases[0].seconds, Double(1 << 20) / 50e9))
    let slow = try project(stream(threads: 4), on: machine(linesInFlight: 40, most: 25))
    #expect(isClose(slow.tokensPerSecond, fast.tokensPerSecond / 2))
  }

  @Test func `one thread's stream is capped by its lines in flight`() throws {
    // 10 lines x 64 bytes / 100 ns = 6.4 GB/s of the 50 that the memory has.
    let result = try project(stream(), on: machine())
    #expect(isClose(result.phases[0].memoryGigabytesPerSecond, 6.4))
    #expect(result.limiter == .latency)
  }

  @Test(arguments: [(1.0, 1.0), (4, 4), (10, 10), (64, 10)])
  func `gathers obey Little's law with the smaller of rows and lines in flight`(rows: Double, inFlight: Double) throws {
    for overlap in [true, false] {
      let job = gathers(independentRows: rows)
      let result = try project(job, on: machine(overlap: overlap, most: 1000))
      // Where transfers add up, the line's way through the caches adds too: 64 B / 32 + 64 B / 16 cycles of 2 GHz.
      let transfer = overlap ? 0 : 64.0 / 32 / 2e9 + 64.0 / 16 / 2e9
      #expect(isClose(result.tokensPerSecond, 1 / (100e-9 / inFlight + transfer)))
      #expect(result.limiter == .latency)
    }
  }

  /// Rows of 512 bytes that all lie in the second level.
  private func rowsInL2() -> Job {
    let work = PhaseWork(name: "gather", independentRows: 1000, rowBytes: 512)
    return Job(tokens: 32, phases: [work]) { stream in
      for row in 0..<UInt64(32) { stream.gather(row * 512, bytes: 512) }
    }
  }

  @Test func `random rows come at their own rate, interpolated between row sizes`() throws {
    var machine = machine(linesInFlight: 1000)
    machine.caches[1].randomRows = [.init(rowBytes: 256, rate: 8), .init(rowBytes: 768, rate: 24)]
    let result = try project(rowsInL2(), on: machine)
    // Midway between 8 and 24 bytes per cycle.
    #expect(isClose(result.phases[0].seconds, 32 * 512 / (16 * 2e9)))
    #expect(result.limiter == .l2)
  }

  @Test func `rows read in pieces come at the rate of the piece, or of the whole row where that is not known`() throws {
    var job = rowsInL2()
    job.phases[0].wholeRowBytes = 4096
    var machine = machine(linesInFlight: 1000)
    machine.caches[1].randomRows = [.init(rowBytes: 512, rate: 8), .init(rowBytes: 4096, rate: 16)]
    #expect(isClose(try project(job, on: machine).phases[0].seconds, 32 * 512 / (16 * 2e9)))
    machine.caches[1].randomRowPieces = [.init(rowBytes: 256, rate: 20), .init(rowBytes: 768, rate: 28)]
    #expect(isClose(try project(job, on: machine).phases[0].seconds, 32 * 512 / (24 * 2e9)))
    job.phases[0].wholeRowBytes = 0
    #expect(isClose(try project(job, on: machine).phases[0].seconds, 32 * 512 / (8 * 2e9)), "a row of its own")
  }

  @Test func `without a rate of its own a level takes an assumed share of its stream for random rows`() throws {
    let result = try project(rowsInL2(), on: machine(linesInFlight: 1000))
    let stream = 32 * 512 / (32 * 2e9)
    #expect(result.phases[0].seconds > 1.05 * stream && result.phases[0].seconds < 1.5 * stream)
  }

  @Test func `too few independent rows wait for their first lines`() throws {
    var job = rowsInL2()
    job.phases[0].independentRows = 1
    var machine = machine(linesInFlight: 1000)
    // Twice as fast as rows can come one after another.
    machine.caches[1].randomRows = [.init(rowBytes: 512, rate: 64)]
    let result = try project(job, on: machine)
    let cycles = (16.0 * 16 + 8 * 8).squareRoot()
    #expect(isClose(result.phases[0].seconds, 32 * cycles / 2e9), "16 cycles of waiting and 8 of transfer for each row")
    #expect(result.limiter == .latency)
  }

  @Test func `a product reaches the GEMM efficiency of the peak`() throws {
    var machine = machine()
    machine.simd?.gemmEfficiency = 0.8
    let job = Job(phases: [PhaseWork(name: "gemm", multiplyAdds: 64e6)])
    #expect(isClose(try project(job, on: machine).tokensPerSecond, 0.8 * 1000 / 1e-3))
    machine.simd?.gemmEfficiency = nil
    let unknown = try project(job, on: machine)
    #expect(isClose(unknown.tokensPerSecond, 0.9 * 1000 / 1e-3))
    #expect(unknown.low < 0.85 * 1000 / 1e-3 && unknown.high > 0.95 * 1000 / 1e-3)
  }

  @Test func `a library's product has the libraries' efficiency, or the core's own where that is less`() throws {
    var gemm = PhaseWork(name: "gemm", multiplyAdds: 64e6)
    gemm.isLibraryProduct = true
    var machine = machine()
    for (own, expected) in [(0.98, 0.9), (0.8, 0.8)] {
      machine.simd?.gemmEfficiency = own
      #expect(isClose(try project(Job(phases: [gemm]), on: machine).tokensPerSecond, expected * 1000 / 1e-3))
    }
  }

  @Test func `cores that share resources are slower together than one alone`() throws {
    var shared = machine()
    shared.effectiveCores = 2
    let job = Job(phases: [PhaseWork(name: "gemm", multiplyAdds: 64e6)])
    let alone = try project(job, on: shared)
    #expect(alone.tokensPerSecond == (try project(job, on: machine()).tokensPerSecond))
    #expect(isClose(alone.socket.tokensPerSecond, 2 * alone.tokensPerSecond), "four cores' work in two cores' time")
  }

  @Test func `the cores of a grid's machine share resources as those of its base do`() throws {
    var base = machine()
    base.effectiveCores = 2
    #expect(base.effectiveCores(of: 16) == 8 && base.effectiveCores(of: 1) == 1)
    #expect(machine().effectiveCores(of: 16) == nil)
  }

  @Test func `a whole socket computes as much as its cores, and shares its memory`() throws {
    let computing = try project(Job(phases: [PhaseWork(name: "gemm", multiplyAdds: 64e6)]), on: machine())
    #expect(computing.socket.cores == 4)
    #expect(isClose(computing.socket.tokensPerSecond, 4 * computing.tokensPerSecond))
    // One thread draws 25.6 of the 50 GB/s: four demand twice the available bandwidth.
    let streaming = try project(stream(), on: machine(linesInFlight: 40))
    #expect(isClose(streaming.phases[0].memoryGigabytesPerSecond, 25.6))
    #expect(isClose(streaming.socket.tokensPerSecond, streaming.tokensPerSecond * 50 / 25.6))
    #expect(streaming.socket.limiter == .memory)
    #expect(streaming.socket.low < streaming.socket.tokensPerSecond)
    #expect(streaming.socket.high > streaming.socket.tokensPerSecond)
  }

  @Test func `the figure that limits moves the projection most, others not at all`() throws {
    func sensitivities(_ job: Job) throws -> [Sensitivity] {
      try Sensitivity.all(
        phases: job.phases, tokens: job.tokens, threads: job.threads,
        traffic: Traffic(simulating: job, on: machine()), on: machine())
    }
    let computing = try sensitivities(Job(phases: [PhaseWork(name: "gemm", multiplyAdds: 64e6)]))
    #expect(Set(computing.prefix(2).map(\.parameter)) == ["frequency_ghz", "simd.product_share"])
    #expect(isClose(computing[0].tokensPerSecondAtPlusTenth / computing[0].tokensPerSecondAtMinusTenth, 1.1 / 0.9))
    #expect(computing.dropFirst(2).allSatisfy { $0.swing == 0 })

    let waiting = try sensitivities(stream())
    #expect(
      Set(waiting.filter { $0.swing > 0 }.map(\.parameter)) == [
        "memory[0].idle_latency_ns", "memory[0].lines_in_flight_per_core",
      ])
    #expect(
      waiting.first { $0.parameter == "memory[0].idle_latency_ns" }.map {
        $0.tokensPerSecondAtMinusTenth > $0.tokensPerSecondAtPlusTenth
      } == true)
  }

  @Test func `capacities are moved where there is a way to simulate them`() throws {
    // 280 KiB read repeatedly: more than the 256 KiB of the third level, but less than a third level that is 10 %
    // larger.
    let job = Job(phases: [PhaseWork(name: "sweep")]) { $0.read(0, bytes: 280 * 1024) }
    let machine = machine()
    let all = try Sensitivity.all(
      phases: job.phases, tokens: job.tokens, threads: 1, traffic: Traffic(simulating: job, on: machine), on: machine,
      source: SimulatedTraffic(job))
    let size = try #require(all.first { $0.parameter == "caches[2].size" })
    #expect(all.first == size)
    #expect(size.tokensPerSecondAtPlusTenth > 2 * size.tokensPerSecondAtMinusTenth)
  }

  @Test func `latency rises with the load, and the projection meets the curve`() throws {
    var machine = machine(linesInFlight: 40)
    machine.memory[0].curve[0].points[1].nanoseconds = 300
    let phase = try project(stream(threads: 2), on: machine).phases[0]
    // 2 threads x 40 lines x 64 B = 5120 B in flight = bandwidth x (100 ns + 200 ns x bandwidth / 50 GB/s).
    #expect(isClose(phase.memoryGigabytesPerSecond * phase.loadedLatencyNanoseconds, 5120))
    #expect(isClose(phase.loadedLatencyNanoseconds, 100 + 200 * phase.memoryGigabytesPerSecond / 50))
  }

  @Test func `transfers that add up take longer than those that overlap`() throws {
    let together = try project(stream(), on: machine(overlap: true))
    let apart = try project(stream(), on: machine(overlap: false))
    let bytes = Double(1 << 20)
    #expect(isClose(apart.phases[0].seconds, together.phases[0].seconds + bytes / 64e9 + bytes / 32e9))
  }

  @Test func `the band holds the expectation, and is as wide as the origin of the figures says`() throws {
    var assumed = machine()
    assumed.provenance = [:]
    var measured = assumed
    for key in ["frequency_ghz", "caches", "memory"] {
      measured.provenance[key] = Provenance(tag: .measured, source: "test")
    }
    for job in [stream(), stream(threads: 4), gathers(independentRows: 4)] {
      let wide = try project(job, on: assumed)
      let narrow = try project(job, on: measured)
      #expect(wide.low < narrow.low && narrow.low < narrow.tokensPerSecond)
      #expect(narrow.tokensPerSecond < narrow.high && narrow.high < wide.high)
      #expect(wide.tokensPerSecond == narrow.tokensPerSecond)
    }
  }

  @Test func `phases add up, and the longest names the limiter`() throws {
    let job = Job(phases: [
      PhaseWork(name: "small", multiplyAdds: 64e6), PhaseWork(name: "large", loadBytes: 384e6),
    ])
    let result = try project(job, on: machine())
    #expect(isClose(result.tokensPerSecond, 1000 / 4e-3))
    #expect(result.phases.map(\.limiter) == [.compute, .l1])
    #expect(result.limiter == .l1)
  }

  @Test func `remote traffic is limited by the link`() throws {
    var machine = machine(linesInFlight: 40)
    machine.numa = NUMADescription(nodes: 2, remoteLatencyNanoseconds: 100, linkGigabytesPerSecond: 5)
    let job = stream(threads: 4)
    let traffic = try Traffic(simulating: job, on: machine)
    let result = try Projection.project(
      job, traffic: traffic, on: machine, options: .init(matrix: TrafficMatrix(remoteShare: 1)))
    #expect(result.limiter == .link)
    #expect(isClose(result.phases[0].memoryGigabytesPerSecond, 5))
  }

  @Test func `without a warm-up the first touches count`() throws {
    let job = Job(phases: [PhaseWork(name: "small")]) { $0.read(0, bytes: 1024) }
    #expect(try Traffic(simulating: job, on: machine()).total?.memory.reads == 0)
    #expect(try Traffic(simulating: job, on: machine(), warmUp: false).total?.memory.reads == 16)
  }

  @Test func `too many threads, missing figures and unknown memories are errors`() throws {
    let job = stream(threads: 4)
    let traffic = try Traffic(simulating: job, on: machine())
    var small = machine()
    small.cores = 2
    #expect(
      message { _ = try Projection.project(job, traffic: traffic, on: small) }
        == "threads: expected at most the 2 cores of test, found 4 threads")
    var bare = machine()
    bare.frequencyGHz = nil
    #expect(message { _ = try Projection.project(job, traffic: traffic, on: bare) }.contains("missing: frequency_ghz"))
    #expect(
      message { _ = try Projection.project(job, traffic: traffic, on: machine(), options: .init(memory: "hbm")) }
        == "memory: expected a memory of test (dram), found 'hbm'")
  }

  @Test func `every machine of the catalogue projects every kind of work`() throws {
    for machine in try MachineCatalogue.bundled().machines() {
      let job = Job(threads: 2, phases: [PhaseWork(name: "mixed", multiplyAdds: 1e6, loadBytes: 1e6)]) { stream in
        for row in 0..<UInt64(500) { stream.gather(row * 7919 * 64, bytes: 2048) }
      }
      let result = try project(job, on: machine)
      #expect(result.low > 0 && result.low < result.tokensPerSecond, "\(machine.name)")
      #expect(result.tokensPerSecond < result.high && result.high < .infinity, "\(machine.name)")
    }
  }
}
