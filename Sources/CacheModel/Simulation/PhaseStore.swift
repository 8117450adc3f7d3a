/// One phase's counters, at fixed addresses while an engine counts.
final class PhaseStore {
  let levelCount: Int
  let levels: UnsafeMutablePointer<LevelCounts>
  let memory: UnsafeMutablePointer<MemoryCounts>
  let accesses: UnsafeMutablePointer<UInt64>
  let gatherSources: UnsafeMutablePointer<UInt64>

  init(levelCount: Int) {
    self.levelCount = levelCount
    levels = .allocate(capacity: levelCount)
    memory = .allocate(capacity: 1)
    accesses = .allocate(capacity: 1)
    gatherSources = .allocate(capacity: levelCount + 1)
    reset()
  }

  deinit {
    levels.deallocate()
    memory.deallocate()
    accesses.deallocate()
    gatherSources.deallocate()
  }

  func reset() {
    levels.initialize(repeating: LevelCounts(), count: levelCount)
    memory.initialize(to: MemoryCounts())
    accesses.initialize(to: 0)
    gatherSources.initialize(repeating: 0, count: levelCount + 1)
  }

  var counts: PhaseCounts {
    PhaseCounts(
      levels: (0..<levelCount).map { levels[$0] }, memory: memory.pointee, accesses: accesses.pointee,
      gatherSources: (0...levelCount).map { gatherSources[$0] })
  }
}
