import AccessStreams
import Machines

/// Time of a phase's instructions in a core that finds every operand in its first-level cache
/// (docs/reference/model.md, "Timing").
struct CoreWork {
  /// Seconds of vector arithmetic, instruction issue and dependency chains, as they bound each other.
  private(set) var arithmetic: Double
  /// Seconds of loads.
  private(set) var loads: Double
  /// Seconds of stores.
  private(set) var stores: Double
  /// Seconds of all of these together.
  private(set) var total: Double

  /// Vector-wide stores per vector-wide load where store bandwidth was not measured: most cores of the catalogue
  /// start two loads and one store per cycle.
  private static let storesPerLoad = 0.5

  init(_ work: PhaseWork, threads: Int, inputs: ProjectionInputs) {
    let cycles = inputs.frequencyHertz * Double(threads)
    let units = Double(inputs.simd.fmaUnits)
    let lanes = Double(inputs.simd.widthBits) / 32
    let vectorBytes = 4 * lanes
    let fp32PerCycle = lanes * units
    // `Machine.keysMissing(for:)` has checked that the machine gives the rate.
    let perCycle =
      (work.usesVectorsOnly
        ? inputs.simd.vectorMultiplyAddsPerCycle(work.operands) : inputs.simd.multiplyAddsPerCycle(work.operands))
      ?? fp32PerCycle
    let vectorCycles = work.multiplyAdds / perCycle + work.otherOperations / fp32PerCycle
    let share = work.isLibraryProduct ? inputs.libraryEfficiency : inputs.gemmEfficiency
    let vector = vectorCycles / (share * cycles)

    let bytesPerCycle = inputs.caches[0].bytesPerCycle
    loads = (work.loadBytes + work.narrowLoads * vectorBytes) / (bytesPerCycle * cycles)
    let storedPerCycle = inputs.caches[0].writeBytesPerCycle ?? CoreWork.storesPerLoad * bytesPerCycle
    stores = work.storeBytes / (storedPerCycle * cycles)

    let instructions = vectorCycles * units + work.otherInstructions(vectorBytes: vectorBytes)
    let issue = instructions / (inputs.issueWidth * cycles)

    let exposed = min(1, work.chains.operations / inputs.schedulerWindow)
    let chains = work.chains.steps / lanes * inputs.latencyCycles * exposed / cycles
    func with(_ throughput: Double) -> Double { (throughput * throughput + chains * chains).squareRoot() }
    arithmetic = with(max(vector, issue))
    total = with(max(vector, issue, loads, stores))
  }

  /// Returns this work as it takes on cores that are `factor` times slower.
  func slowed(by factor: Double) -> CoreWork {
    var work = self
    work.arithmetic *= factor
    work.loads *= factor
    work.stores *= factor
    work.total *= factor
    return work
  }
}
