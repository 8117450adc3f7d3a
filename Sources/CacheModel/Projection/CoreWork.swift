import AccessStreams

/// What a phase's instructions take in a core that finds every operand in its first level (docs/MODEL.md, "Timing").
struct CoreWork {
  /// Seconds of the vector units, of starting instructions and of chains, as they bound each other; of loads; of stores.
  private(set) var arithmetic: Double
  private(set) var loads: Double
  private(set) var stores: Double
  /// Seconds of all of them together.
  private(set) var total: Double

  /// Stores as wide as a vector for every load where they were not measured: most cores of the catalogue start two loads
  /// and one store.
  private static let storesPerLoad = 0.5

  init(_ work: PhaseWork, threads: Int, inputs: ProjectionInputs) {
    let cycles = inputs.frequencyHertz * Double(threads)
    let units = Double(inputs.simd.fmaUnits)
    let lanes = Double(inputs.simd.widthBits) / 32
    let vectorBytes = 4 * lanes
    let fp32PerCycle = lanes * units
    // `Machine.keysMissing(for:)` has seen to it that the machine gives the rate.
    let perCycle =
      (work.usesVectorsOnly
        ? inputs.simd.vectorMultiplyAddsPerCycle(work.operands) : inputs.simd.multiplyAddsPerCycle(work.operands))
      ?? fp32PerCycle
    let vectorCycles = work.multiplyAdds / perCycle + work.otherOperations / fp32PerCycle
    let share = work.isLibraryProduct ? inputs.libraryShare : inputs.productShare
    let vector = vectorCycles / (share * cycles)

    let bytesPerCycle = inputs.caches[0].bytesPerCycle
    loads = (work.loadBytes + work.narrowLoads * vectorBytes) / (bytesPerCycle * cycles)
    let storedPerCycle = inputs.caches[0].writeBytesPerCycle ?? CoreWork.storesPerLoad * bytesPerCycle
    stores = work.storeBytes / (storedPerCycle * cycles)

    let instructions = vectorCycles * units + work.otherInstructions(vectorBytes: vectorBytes)
    let issue = instructions / (inputs.issueWidth * cycles)

    let chains =
      work.chains.steps / lanes * inputs.latencyCycles * min(1, work.chains.operations / inputs.window) / cycles
    func with(_ throughput: Double) -> Double { (throughput * throughput + chains * chains).squareRoot() }
    arithmetic = with(max(vector, issue))
    total = with(max(vector, issue, loads, stores))
  }

  /// The work on cores that are each `factor` times slower.
  func slowed(by factor: Double) -> CoreWork {
    var work = self
    work.arithmetic *= factor
    work.loads *= factor
    work.stores *= factor
    work.total *= factor
    return work
  }
}
