import Glibc
import Support
import TestSupport
import Testing

@testable import Profiler

struct SocketCounterSessionTests {
  private let read = "uncore_imc/cas_count_read/"
  private let write = "uncore_imc/cas_count_write/"

  private func counts(_ raw: UInt64, running: UInt64 = 1000) -> SyntheticBackend.Script {
    .advances(CounterCounts(raw: raw, enabledNs: 1000, runningNs: running))
  }

  private func readings(
    _ scripts: [String: SyntheticBackend.Script]
  ) throws -> [SocketCounterSession.SocketReading] {
    let machine = try twoSocketMachine()
    let backend = SyntheticBackend(scripts, root: machine.root)
    let session = SocketCounterSession(group: try CounterGroup.load("imc-memory"), backend: backend, root: machine.root)
    session.start()
    session.stop()
    return session.readings()
  }

  @Test func `channels add up over a socket, and sockets stay apart`() throws {
    let readings = try readings([
      "\(read)@0": counts(10), "uncore_imc_1/event=0x5,umask=0xcf/@4": counts(7), "\(read)@4": counts(3),
      write: counts(5),
    ])
    #expect(readings.map(\.socket) == [0, 0, 1, 1])
    #expect(readings.map(\.reading.event) == [read, write, read, write])
    #expect(readings.map(\.reading.value) == [20, 10, 10, 10])
    #expect(readings.allSatisfy { $0.reading.quality == .exact })
    // Channels count at the same time, so the socket's time is theirs and not their sum.
    #expect(readings.allSatisfy { $0.reading.enabledNs == 1000 && $0.reading.runningNs == 1000 })
  }

  @Test func `a scaled channel makes a scaled socket, whose raw count and times still lead to its value`() throws {
    let readings = try readings([
      "uncore_imc_1/event=0x5,umask=0xcf/": counts(10, running: 500), read: counts(10), write: counts(1),
    ])
    let reading = readings[0].reading
    #expect(reading.quality == .scaled)
    #expect(reading.raw == 20)
    #expect(reading.value == 30)
    #expect(reading.runningNs == 667)
  }

  @Test func `a channel without a value leaves its socket without one`() throws {
    let readings = try readings([
      "uncore_imc_0/event=0x5,umask=0xcf/@4": .fails(ENODEV), read: counts(10), write: counts(1),
    ])
    #expect(readings.map(\.reading.value) == [20, 2, nil, 2])
    #expect(readings[2].reading.reason?.contains("offline") == true)
    #expect(readings[2].reading.runningNs == nil)
  }

  @Test func `counting whole sockets without permission names the level and the capability`() throws {
    let readings = try readings([read: .fails(EACCES), write: .fails(EACCES)])
    #expect(readings.allSatisfy { $0.reading.quality == .denied && $0.reading.value == nil })
    let socket = CounterFailure(code: EACCES).reason(paranoid: 2, target: .cpu(0))
    #expect(
      socket.contains("whole sockets") && socket.contains("kernel.perf_event_paranoid=0") && socket.contains("perfmon"))
    #expect(!CounterFailure(code: EACCES).reason(paranoid: 2).contains("whole sockets"))
    #expect(CounterFailure(code: EACCES).reason(paranoid: 4, target: .cpu(0)).contains("CAP_SYS_ADMIN"))
  }

  @Test(
    arguments: [
      ("imc-memory", "uncore_imc", "modprobe intel_uncore"), ("zen5-memory", "amd_umc", "Linux 6.7"),
      ("zen3-memory-low", "amd_df", "modprobe amd_uncore"),
    ])
  func `a machine without the PMU names it, and how to get it`(name: String, pmu: String, advice: String)
    throws
  {
    var group = try CounterGroup.load(name)
    group.cpu = nil
    let machine = try FakeMachine(["proc/cpuinfo": "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t: 143"])
    let session = SocketCounterSession(
      group: group, backend: SyntheticBackend([:], root: machine.root), root: machine.root)
    session.start()
    session.stop()
    for reading in session.readings() {
      #expect(reading.socket == nil)
      #expect(reading.reading.quality == .unsupported)
      #expect(reading.reading.reason?.contains("no PMU '\(pmu)'") == true)
      #expect(reading.reading.reason?.contains(advice) == true)
    }
  }

  @Test func `a group for other memory controllers is not counted`() throws {
    let machine = try twoSocketMachine()
    let backend = SyntheticBackend([:], root: machine.root)
    let session = SocketCounterSession(
      group: try CounterGroup.load("zen5-memory"), backend: backend, root: machine.root)
    #expect(session.readings().allSatisfy { $0.reading.reason?.contains("AuthenticAMD family 26") == true })
  }

  @Test func `counters are closed with their session`() throws {
    let machine = try twoSocketMachine()
    let backend = SyntheticBackend([read: counts(1), write: counts(1)], root: machine.root)
    do {
      let session = SocketCounterSession(
        group: try CounterGroup.load("imc-memory"), backend: backend, root: machine.root)
      session.start()
      #expect(backend.openCount == 8)
    }
    #expect(backend.openCount == 0)
  }
}

struct RealSocketCounterTests {
  @Test func `the kernel counts a whole CPU for all processes, or says that it is not permitted`() throws {
    // Takes the place of a PMU outside the cores: the same call, with a CPU instead of a thread.
    let backend = LibPFMBackend()
    let event = try backend.encode("perf::CPU-CLOCK", privilege: .userAndKernel, cpuIsKnown: false)
    let cpu = Topology.read().allowedCPUs[0]
    switch backend.open(event, on: .cpu(cpu), leader: nil) {
    case .success(let descriptor):
      defer { backend.close(descriptor) }
      #expect(backend.enable(group: descriptor) == nil)
      let start = Clock.now()
      while Clock.now() - start < 2_000_000 {}
      #expect(backend.disable(group: descriptor) == nil)
      let counts = try backend.read(group: descriptor, members: 1).get()
      // The CPU's clock runs for any process.
      #expect(counts[0].enabledNs >= 2_000_000 && counts[0].raw >= 1_000_000)
    case .failure(let failure):
      #expect(failure.quality == .denied)
      #expect(failure.reason(target: .cpu(cpu)).contains("perf_event_paranoid"))
    }
  }

  @Test func `this machine counts memory traffic by socket, or says why not`() throws {
    let choice = try CounterChoice("memory")
    for group in choice.groups {
      let session = SocketCounterSession(group: group)
      session.start()
      session.stop()
      for reading in session.readings() {
        #expect((reading.reading.value == nil) == (reading.reading.reason != nil && reading.reading.raw == nil))
      }
    }
    #expect(!choice.reason.isEmpty)
  }
}
