import Foundation
import Testing

@testable import AccessStreams
@testable import Machines
@testable import Simulation

/// Compares counts with those of pycachesim 0.3.1, an independent simulator, on the traces of
/// `Fixtures/record-pycachesim.py`.
@Suite struct PycachesimParityTests {
  struct Case: Decodable, CustomTestStringConvertible {
    struct Trace: Decodable {
      var kind: String
      var seed: UInt64
      var count: Int
      var span: UInt64
      var stride: UInt64
      var write_eighths: UInt64
    }

    struct Expected: Decodable, Equatable {
      var LOAD: UInt64
      var STORE: UInt64
      var HIT: UInt64
      var MISS: UInt64
      var EVICT: UInt64
    }

    var hierarchy: String
    var levels: [[Int]]
    var policy: String
    var trace: Trace
    var expected: [Expected]

    var testDescription: String { "\(hierarchy), \(policy), \(trace.kind) trace \(trace.seed)" }

    var accesses: [Access] {
      var x = trace.seed
      return (0..<trace.count).map { index in
        x = x &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let address = trace.kind == "random" ? (x >> 33) % trace.span : UInt64(index) * trace.stride % trace.span
        return Access(address: address, bytes: 1, kind: x >> 20 & 7 < trace.write_eighths ? .write : .read)
      }
    }

    func simulate(_ recency: StoreRecency) throws -> CacheSimulator {
      let policy = try #require(ReplacementKind(rawValue: policy))
      let caches = levels.enumerated().map { cache("L\($0 + 1)", sets: $1[0], ways: $1[1], policy: policy) }
      let simulator = try CacheSimulator(caches: caches, storeRecency: recency)
      simulator.play(accesses)
      return simulator
    }

    static let all: [Case] = {
      guard let data = try? Data(contentsOf: fixtures.appendingPathComponent("pycachesim.json")) else { return [] }
      return (try? JSONDecoder().decode([Case].self, from: data)) ?? []
    }()
  }

  @Test func `the fixture holds LRU and FIFO on four hierarchies and six traces`() {
    #expect(Case.all.count == 48)
  }

  /// pycachesim counts the fetch for a store miss as a load of the same level, counts no hits for stores, counts only
  /// dirty evictions, and does not count a store that hits as a use.
  @Test(arguments: Case.all)
  func `every count equals pycachesim's`(example: Case) throws {
    let counts = try example.simulate(.ignored).totalCounts
    let asPycachesim = counts.levels.map {
      Case.Expected(
        LOAD: $0.reads + $0.writeMisses, STORE: $0.writes, HIT: $0.reads - $0.readMisses, MISS: $0.misses,
        EVICT: $0.writebacks)
    }
    #expect(asPycachesim == example.expected)
    #expect(counts.memory.reads == example.expected.last?.MISS)
    #expect(counts.memory.writes == example.expected.last?.EVICT)
  }

  @Test(arguments: Case.all.filter { $0.trace.write_eighths == 0 || $0.policy == "fifo" })
  func `without stores, or with FIFO, whether a store is a use makes no difference`(example: Case) throws {
    #expect(try example.simulate(.use).totalCounts == example.simulate(.ignored).totalCounts)
  }
}
