import Testing

@testable import Kernels

@Suite struct ISATests {
  @Test func `every CPU has the portable path, and only those of its own architecture`() {
    #expect(ISA.supported.last == .scalar)
    #if arch(arm64)
      #expect(ISA.supported == [.neon, .scalar])
    #else
      #expect(!ISA.neon.isSupported)
    #endif
  }

  @Test func `the widest path is the best`() {
    #expect(ISA.supported.map(\.vectorLanes).max() == ISA.best.vectorLanes)
  }

  @Test(arguments: ISA.allCases.filter { !$0.isSupported })
  func `a path that this CPU lacks is refused with those that it has`(isa: ISA) throws {
    let shape = LookupFFNShape(hidden: 16, output: 16, tables: 2, tableRows: 4, hash: .bh4, blockSize: 16)
    let parameters = try LookupFFNParameters.random(shape, seed: 1)
    let error = #expect(throws: UnsupportedISA.self) { try LookupFFN(parameters, isa: isa) }
    let runs = ISA.supported.map(\.rawValue).joined(separator: ", ")
    #expect(error?.description == "this CPU cannot run \(isa.rawValue) (it runs \(runs))")
  }
}
