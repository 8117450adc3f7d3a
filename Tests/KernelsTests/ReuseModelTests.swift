import CacheModel
import Foundation
import Testing

@testable import Kernels

/// The closed forms beside the exact profile of the kernels' own streams.
@Suite struct ReuseModelTests {
  // MARK: - Layer conditions

  /// Capacities between the loops' footprints, where a condition clearly holds or clearly does not: on a footprint the
  /// real curve has a slope, and the closed form a step.
  @Test(arguments: [(384, 512, 768), (192, 256, 384), (960, 320, 1152)])
  func `layer conditions give the lines that a packed product fetches`(m: Int, n: Int, k: Int) throws {
    let product = PackedProduct(m: m, n: n, k: k)
    let profiler = try ReuseProfiler()
    let stream = AccessStream(sink: profiler)
    product.emit(
      a: 1 << 24, b: 1 << 26, c: 1 << 28, cStride: n, packedA: 1 << 30, packedB: 1 << 31, to: stream)
    stream.flush()
    let exact = profiler.profile.accesses
    let conditions = product.layerConditions
    #expect(abs(conditions.reduce(0) { $0 + $1.accesses } - exact.total) < 0.01 * exact.total)
    // 48 KiB: above none but the register tile's; 160 KiB: the sliver's; 512 KiB: packed A's. 64 MiB holds everything.
    for kibibytes in [48, 160, 512, 65_536] {
      let predicted = conditions.linesFetched(cacheBytes: Double(kibibytes << 10))
      let simulated = exact.misses(lines: kibibytes << 10 / 64)
      #expect(
        abs(predicted - simulated) < 0.05 * simulated, "\(kibibytes) KiB: predicted \(predicted), exact \(simulated)")
    }
  }

  // MARK: - Che's approximation

  /// The real activations of a text through a random hash. `drawn`: codes drawn independently from what was recorded.
  private func recordedCodes() throws -> (codes: [Int32], tables: Int, rows: Int, tokens: Int) {
    let shape = LookupFFNShape(
      hidden: 384, output: 16, tables: 16, tableRows: 256, projection: .bh4, blockSize: 64)
    let layer = try SafeTensors(contentsOf: Fixture.path("dense-ffn-minilm-l6-layer3"))
    let input = try layer.floats("input")
    let tokens = input.count / 384
    let kernel = try LookupFFN(LookupFFNParameters.random(shape, seed: 11))
    let codes = try input.withUnsafeBufferPointer { buffer in
      try kernel.intermediates(input: try #require(buffer.baseAddress), tokens: Array(0..<tokens)).codes
    }
    return (codes, 16, 256, tokens)
  }

  private func missRatio(_ rows: [UInt64], passes: Int, capacity: Int) throws -> Double {
    let profiler = try ReuseProfiler()
    for pass in 0..<passes {
      if pass == 1 { profiler.resetCounts() }
      let accesses = rows.map { Access(address: $0 * 64, bytes: 64, kind: .gather) }
      accesses.withUnsafeBufferPointer { profiler.consume($0) }
    }
    return profiler.profile.curve.missRatio(lines: capacity)
  }

  @Test func `rows drawn from the codes of a real text miss within one per cent of the simulation`() throws {
    let recorded = try recordedCodes()
    var counts = [Int](repeating: 0, count: recorded.tables * recorded.rows)
    for (index, code) in recorded.codes.enumerated() {
      counts[index % recorded.tables * recorded.rows + Int(code)] += 1
    }
    let che = CheApproximation(counts: counts)
    // One token after another, one row of each table: of that table's recorded distribution, independent of the others.
    var random = RandomSource(seed: 5)
    let drawn = (0..<(4 * recorded.tokens)).flatMap { _ in
      (0..<recorded.tables).map { table in
        let token = Int.random(in: 0..<recorded.tokens, using: &random)
        return UInt64(table * recorded.rows + Int(recorded.codes[token * recorded.tables + table]))
      }
    }
    for capacity in [64, 256, 512, 1024, 2048] {
      let predicted = che.missRatio(capacity: Double(capacity))
      let simulated = try missRatio(drawn, passes: 2, capacity: capacity)
      #expect(abs(predicted - simulated) < 0.01, "\(capacity) rows: predicted \(predicted), simulated \(simulated)")
    }
  }

  /// A text is no independent source: neighbouring tokens are alike, so the true miss ratio lies below, never far above.
  @Test func `the tokens of a real text in their order miss less than independent ones`() throws {
    let recorded = try recordedCodes()
    let rows = recorded.codes.enumerated().map { UInt64($0 % recorded.tables * recorded.rows + Int($1)) }
    var counts = [Int](repeating: 0, count: recorded.tables * recorded.rows)
    for row in rows { counts[Int(row)] += 1 }
    let che = CheApproximation(counts: counts)
    for capacity in [64, 256, 512, 1024] {
      let predicted = che.missRatio(capacity: Double(capacity))
      let simulated = try missRatio(rows, passes: 3, capacity: capacity)
      #expect(simulated < predicted + 0.01, "\(capacity) rows: predicted \(predicted), simulated \(simulated)")
    }
  }
}
