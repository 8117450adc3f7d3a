import AccessStreams
import Foundation
import Testing

@testable import Kernels

@Suite struct RowOverrideTests {
  private let shape = LookupFFNShape(hidden: 48, output: 40, tables: 6, tableRows: 32, hash: .bh4, blockSize: 16)

  private func layer(
    _ strategy: LookupStrategy = LookupStrategy(), type: TableType = .fp32, team: WorkPartition = WorkPartition()
  )
    throws -> LookupFFN
  {
    try LookupFFN(LookupFFNParameters.random(shape, seed: 3), tableType: type, strategy: strategy, team: team)
  }

  private func input(_ tokens: Int) -> [Float] {
    var random = RandomSource(seed: 5)
    return random.normals(tokens * shape.hidden)
  }

  private func output(_ layer: LookupFFN, _ input: [Float], tokens: Int) throws -> [Float] {
    var output = [Float](repeating: .nan, count: tokens * shape.output)
    try layer.worker(index: 0, tokens: 0..<tokens, memory: HeapMemory()).run(input: input, output: &output)
    return output
  }

  // MARK: - The draw

  @Test(arguments: [0.0, 0.7, 1.3])
  func `rows are drawn with the frequencies of Zipf's law`(_ exponent: Double) {
    let (rows, tokens) = (16, 20_000)
    let drawn = ZipfRows.draw(exponent: exponent, tables: 2, tableRows: rows, tokens: tokens, seed: 1)
    let weights = (1...rows).map { pow(Double($0), -exponent) }
    let sum = weights.reduce(0, +)
    for table in 0..<2 {
      var counts = [Int](repeating: 0, count: rows)
      for token in 0..<tokens { counts[Int(drawn[token * 2 + table])] += 1 }
      // Most popular rows first, since the order of popularity is the table's own.
      for (count, weight) in zip(counts.sorted(by: >), weights) {
        let expected = Double(tokens) * weight / sum
        // Five standard deviations of a count, plus the effect of sorting equal counts.
        #expect(abs(Double(count) - expected) < 5 * expected.squareRoot() + 0.05 * expected)
      }
    }
    let entropy = ZipfRows.entropyBits(exponent: exponent, tableRows: rows)
    #expect(exponent == 0 ? abs(entropy - 4) < 1e-12 : entropy < 4)
  }

  @Test func `a longer draw begins with the same rows, and tables have separate orders`() {
    let few = ZipfRows.draw(exponent: 1, tables: 3, tableRows: 64, tokens: 10, seed: 9)
    let many = ZipfRows.draw(exponent: 1, tables: 3, tableRows: 64, tokens: 500, seed: 9)
    #expect(Array(many.prefix(30)) == few)
    func favourite(_ table: Int) -> Int32? {
      Dictionary(grouping: (0..<500).map { many[$0 * 3 + table] }, by: { $0 }).max { $0.value.count < $1.value.count }?
        .key
    }
    #expect(Set((0..<3).map(favourite)).count > 1)
  }

  // MARK: - The kernel

  @Test(arguments: [LookupStrategy.Order.sliced, .token, .table], TableType.allCases)
  func `the gather reads the drawn rows, and the check finds any other`(
    _ order: LookupStrategy.Order, _ type: TableType
  ) throws {
    let tokens = 37
    let strategy = LookupStrategy(order: order, tokenTile: 16, columnSlice: 16, tableGroup: 2)
    let layer = try layer(strategy, type: type)
    let input = input(tokens)
    let plain = try output(layer, input, tokens: tokens)
    try layer.override(rows: ZipfRows.draw(exponent: 1, tables: 6, tableRows: 32, tokens: tokens, seed: 2))
    let drawn = try output(layer, input, tokens: tokens)
    #expect(drawn != plain)
    let all = Array(0..<tokens)
    let good = try layer.check(input: input, output: drawn, tokens: all)
    #expect(good.failure == nil, "\(good)")
    #expect(good.codeMismatches == 0)
    #expect(try layer.check(input: input, output: plain, tokens: all).failure != nil)
  }

  @Test func `rows equal to the hash's codes change nothing`() throws {
    let tokens = 33
    let layer = try layer()
    let input = input(tokens)
    let plain = try output(layer, input, tokens: tokens)
    let codes = try layer.intermediates(input: input, tokens: Array(0..<tokens)).codes
    try layer.override(rows: codes)
    #expect(try output(layer, input, tokens: tokens) == plain)
    #expect(try layer.gatheredRows(input: input, tokens: tokens) == codes)
  }

  @Test func `the access stream gathers the drawn rows, and reads the list of them once`() throws {
    let tokens = 32
    let layer = try layer()
    let input = input(tokens)
    let before = Accesses(try layer.workload(input: input, tokens: tokens, threads: 1))
    let rows = [Int32](repeating: 5, count: tokens * shape.tables)
    try layer.override(rows: rows)
    let after = Accesses(try layer.workload(input: input, tokens: tokens, threads: 1))
    // One row of each table, repeatedly.
    #expect(after.gathered.count < before.gathered.count)
    #expect(after.gathers == before.gathers)
    #expect(after.readBytes - before.readBytes == tokens * shape.tables * 4)
    #expect(after.writtenBytes - before.writtenBytes == tokens * shape.tables * 4)
  }
}

/// Totals of a stream.
private final class Accesses: AccessSink {
  private(set) var gathers = 0
  private(set) var gathered: Set<UInt64> = []
  private(set) var readBytes = 0
  private(set) var writtenBytes = 0

  init(_ workload: any Workload) {
    let stream = AccessStream(sink: self)
    workload.emit(to: stream)
    stream.flush()
  }

  func consume(_ accesses: UnsafeBufferPointer<Access>) {
    for access in accesses {
      switch access.kind {
      case .gather:
        gathers += Int(access.bytes)
        gathered.insert(access.address)
      case .read: readBytes += Int(access.bytes)
      default: writtenBytes += Int(access.bytes)
      }
    }
  }

  func enter(phase: Int) {}
}
