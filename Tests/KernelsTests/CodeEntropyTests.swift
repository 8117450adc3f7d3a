import Testing

@testable import Kernels

@Suite struct CodeEntropyTests {
  @Test func `entropy is that of the codes`() {
    // Table 0: two codes equally often, 1 bit. Table 1: always the same, 0 bits.
    #expect(codeEntropy([0, 5, 1, 5, 0, 5, 1, 5], tables: 2) == 0.5)
  }
}
