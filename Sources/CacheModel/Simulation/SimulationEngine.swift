import AccessStreams
import Machines

/// An engine behind `CacheSimulator`: it holds the caches' contents and counts into the store that it is given.
protocol SimulationEngine {
  /// Counts into `store` from here on; the caches keep their contents.
  mutating func count(in store: PhaseStore)
  /// Plays `accesses` and returns how many lines they touched.
  ///
  /// `combining` holds, per core, the line in its write-combining buffer, so that adjacent non-temporal stores are one write.
  func play(
    _ accesses: UnsafeBufferPointer<Access>, lineShift: UInt64, combining: UnsafeMutablePointer<UInt64>
  ) -> UInt64
  /// The owner calls this once, as the last call.
  func deallocate()
}

/// All engines. Calls through the protocol itself would not be compiled for the policy and would halve the speed.
enum AnySimulationEngine {
  case levelwise(LevelwiseHierarchy<PackedLRUPolicy>)
  case levelwiseMixed(LevelwiseHierarchy<MixedPolicy>)
  case recursive(CacheHierarchy<PackedLRUPolicy>)
  case recursiveMixed(CacheHierarchy<MixedPolicy>)

  /// The engine for `caches`. With `levelwise` false it is never a levelwise one.
  init(_ caches: [CacheDescription], cores: Int, storesAreUses: Bool, levelwise: Bool, countingIn store: PhaseStore) {
    let isPackedLRU = caches.allSatisfy { PolicyChoice($0) == .packedLRU }
    switch (levelwise && LevelwiseHierarchy<MixedPolicy>.fits(caches), isPackedLRU) {
    case (true, true):
      self = .levelwise(.init(caches, cores: cores, storesAreUses: storesAreUses, countingIn: store))
    case (true, false):
      self = .levelwiseMixed(.init(caches, cores: cores, storesAreUses: storesAreUses, countingIn: store))
    case (false, true):
      self = .recursive(.init(caches, cores: cores, storesAreUses: storesAreUses, countingIn: store))
    case (false, false):
      self = .recursiveMixed(.init(caches, cores: cores, storesAreUses: storesAreUses, countingIn: store))
    }
  }

  func play(
    _ accesses: UnsafeBufferPointer<Access>, lineShift: UInt64, combining: UnsafeMutablePointer<UInt64>
  ) -> UInt64 {
    switch self {
    case .levelwise(let engine): engine.play(accesses, lineShift: lineShift, combining: combining)
    case .levelwiseMixed(let engine): engine.play(accesses, lineShift: lineShift, combining: combining)
    case .recursive(let engine): engine.play(accesses, lineShift: lineShift, combining: combining)
    case .recursiveMixed(let engine): engine.play(accesses, lineShift: lineShift, combining: combining)
    }
  }

  mutating func count(in store: PhaseStore) {
    switch self {
    case .levelwise(var engine):
      engine.count(in: store)
      self = .levelwise(engine)
    case .levelwiseMixed(var engine):
      engine.count(in: store)
      self = .levelwiseMixed(engine)
    case .recursive(var engine):
      engine.count(in: store)
      self = .recursive(engine)
    case .recursiveMixed(var engine):
      engine.count(in: store)
      self = .recursiveMixed(engine)
    }
  }

  func deallocate() {
    switch self {
    case .levelwise(let engine): engine.deallocate()
    case .levelwiseMixed(let engine): engine.deallocate()
    case .recursive(let engine): engine.deallocate()
    case .recursiveMixed(let engine): engine.deallocate()
    }
  }
}
