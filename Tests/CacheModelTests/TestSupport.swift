import Foundation
import Support

@testable import AccessStreams
@testable import Machines
@testable import Simulation

/// The message of the error that `body` throws, or "no error".
func message(_ body: () throws -> Void) -> String {
  do { try body() } catch { return "\(error)" }
  return "no error"
}

/// The folder of this target's fixtures.
let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")

/// A cache of `sets` x `ways` lines of 64 bytes.
func cache(
  _ name: String = "L1", sets: Int, ways: Int, sharedBy: Int = 1, policy: ReplacementKind = .lru,
  inclusion: InclusionKind = .nine
) -> CacheDescription {
  CacheDescription(
    name: name, sizeBytes: sets * ways * 64, ways: ways, sharedByCores: sharedBy, policy: policy, inclusion: inclusion)
}

extension CacheSimulator {
  /// Plays accesses to whole lines by number, so that a test reads like the sequence it is about.
  func play(_ kind: Access.Kind, _ lines: UInt64..., core: UInt16 = 0) {
    play(kind, lines: lines, core: core)
  }

  func play(_ kind: Access.Kind, lines: [UInt64], core: UInt16 = 0) {
    play(lines.map { Access(address: $0 * 64, bytes: 64, core: core, kind: kind) })
  }

  func play(_ accesses: [Access]) {
    accesses.withUnsafeBufferPointer { consume($0) }
  }

  func counts(_ level: Int) -> LevelCounts { totalCounts.levels[level] }
}
