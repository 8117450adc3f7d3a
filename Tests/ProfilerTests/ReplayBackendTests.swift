import Testing

@testable import Profiler

struct ReplayBackendTests {
  private let exact = CounterReading(
    event: "perf::CYCLES", canonical: "perf::PERF_COUNT_HW_CPU_CYCLES:u=1", raw: 100, enabledNs: 1000, runningNs: 1000,
    value: 100, quality: .exact)
  private let scaled = CounterReading(
    event: "perf::INSTRUCTIONS", raw: 50, enabledNs: 1000, runningNs: 250, value: 200, quality: .scaled,
    reason: "counted during 25 % of the region")
  private let suspect = CounterReading(
    event: "perf::CACHE-MISSES", raw: 7, enabledNs: 1000, runningNs: 1000, value: 7, quality: .suspect,
    reason: "self-check (chased_loads): counted 0.0 per load")
  private let denied = CounterReading(
    event: "perf::BRANCHES", quality: .denied, reason: "not permitted: recorded words")

  @Test func `every quality is replayed as recorded, each time`() throws {
    let recorded = [exact, scaled, suspect, denied]
    let backend = ReplayBackend(recorded.map { .init(thread: 0, socket: nil, reading: $0) })
    let session = CounterSession(events: recorded.map(\.event), backend: backend)
    for _ in 0..<3 { #expect(session.measure {}.readings == recorded) }
    #expect(backend.origin == .replay)
  }

  @Test func `each worker has its own recorded counts`() throws {
    var second = exact
    (second.raw, second.value) = (300, 300)
    let backend = ReplayBackend([
      .init(thread: 0, socket: nil, reading: exact), .init(thread: 1, socket: nil, reading: second),
    ])
    var group = try CounterGroup.load("perf-cycles")
    group.events = ["perf::CYCLES"]
    let values = (0...2).map { CounterSession(group: group, thread: $0, backend: backend).measure {}.readings[0] }
    #expect(values.map(\.value) == [100, 300, nil])
    #expect(values[2].reason?.contains("no such thread") == true)
  }

  @Test func `sockets have recorded counts without the PMU that counted them`() throws {
    let group = try CounterGroup.load("zen5-memory")
    var here = group
    here.cpu = nil
    func reading(_ event: String, _ raw: UInt64) -> CounterReading {
      CounterReading(event: event, raw: raw, enabledNs: 10, runningNs: 10, value: Double(raw), quality: .exact)
    }
    let recorded = [0, 1].flatMap { socket in
      group.events.enumerated().map { index, event in
        ReplayBackend.Recorded(thread: nil, socket: socket, reading: reading(event, UInt64(10 * socket + index)))
      }
    }
    let session = SocketCounterSession(group: here, backend: ReplayBackend(recorded))
    session.start()
    session.stop()
    #expect(session.readings().map(\.socket) == [0, 0, 1, 1])
    #expect(session.readings().map(\.reading) == recorded.map(\.reading))
  }

  @Test func `an event that was not recorded is unsupported`() {
    let backend = ReplayBackend([.init(thread: 0, socket: nil, reading: exact)])
    let readings = CounterSession(events: ["perf::CYCLES", "perf::FAULTS"], backend: backend).measure {}.readings
    #expect(readings.map(\.quality) == [.exact, .unsupported])
    #expect(readings[1].reason?.contains("recorded run did not count") == true)
  }
}
