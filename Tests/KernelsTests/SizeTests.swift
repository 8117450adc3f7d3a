import AccessStreams
import Support
import Testing

@testable import Kernels

@Suite struct SizeTests {
  @Test func `the largest share is that of the shares, without making them`() {
    for tokens in [1, 7, 8, 9, 15, 16, 17, 63, 64, 65, 100, 127, 128, 1000] {
      for workers in [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 200] {
        let shares = partition(tokens: tokens, workers: workers).map(\.count)
        #expect(largestShare(tokens: tokens, workers: workers) == shares.max(), "\(tokens) over \(workers)")
      }
    }
    #expect(largestShare(tokens: 1 << 31, workers: 1 << 31) == laneGroup)
  }

  @Test func `a layer of the largest dimensions has accounts and a strategy`() {
    let most = 1 << 31
    let shape = LookupFFNShape(hidden: most, output: most, tables: most, tableRows: most, hash: .bh4)
    #expect(shape.tableBytes(.fp32) == nil)
    #expect(shape.accounts(tables: .int8).allSatisfy { $0.flops.isFinite && $0.tableBytes >= 0 })
    let strategy = LookupStrategy.default(shape, tableType: .fp32, tokens: most, secondLevelBytes: nil)
    #expect(strategy.tableGroup == 4)
  }

  @Test func `memory that the process cannot allocate is an error with its size`() {
    let error = #expect(throws: AllocationFailure.self) { try HeapMemory().floats(1 << 50, for: .weights) }
    #expect("\(error.map { "\($0)" } ?? "")" == "could not allocate \(1 << 52) bytes")
    let large = #expect(throws: AllocationFailure.self) { try HeapMemory().floats(.max, for: .weights) }
    #expect("\(large.map { "\($0)" } ?? "")" == "could not allocate more than 2^63 bytes")
    let shape = LookupFFNShape(hidden: 64, output: 1 << 31, tables: 1 << 16, tableRows: 16, hash: .bh4)
    #expect(throws: AllocationFailure.self) { try LookupFFNParameters.random(shape, seed: 1) }
  }

  @Test func `codes are the same whether they are found at once or in pieces`() throws {
    let shape = LookupFFNShape(hidden: 8, output: 8, tables: 2, tableRows: 4, hash: .bh4, blockSize: 4)
    let parameters = try LookupFFNParameters.random(shape, seed: 3)
    var random = RandomSource(seed: 4)
    let tokens = 5000
    let input = random.normals(tokens * 8)
    let pieces = try LookupFFN(parameters, strategy: LookupStrategy(order: .token, tokenTile: 8))
    let whole = try LookupFFN(parameters, strategy: LookupStrategy(order: .token, tokenTile: 8192))
    #expect(LookupFFN.recordedTokens(tile: 8) == 4096 && LookupFFN.recordedTokens(tile: 8192) == 8192)
    try input.withUnsafeBufferPointer { buffer in
      let base = try #require(buffer.baseAddress)
      #expect(try pieces.gatheredRows(input: base, tokens: tokens) == whole.gatheredRows(input: base, tokens: tokens))
    }
  }
}
