import TestSupport
import Testing

@testable import Profiler

@Suite(.machine) struct DriftSentinelTests {
  @Test func `a reading has both benchmarks, with a speed each`() throws {
    let sentinel = try DriftSentinel(topology: .read())
    for _ in 0..<2 {
      let readings = sentinel.read()
      #expect(readings.map(\.benchmark) == [.compute, .memory])
      #expect(readings.allSatisfy { $0.value > 0 && $0.n == 5 })
    }
  }
}
