import Foundation

@testable import AccessStreams
@testable import Profiles

/// Streams of line numbers for caches, named after their pattern.
enum AccessPattern: String, CaseIterable {
  case random, strided, zipf, loop

  func lines(count: Int, span: Int, seed: UInt64 = 1) -> [UInt64] {
    var x = seed
    func next() -> UInt64 {
      x = x &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return x >> 33
    }
    switch self {
    case .random: return (0..<count).map { _ in next() % UInt64(span) }
    case .strided: return (0..<count).map { UInt64($0 * 7 % span) }
    case .loop: return (0..<count).map { UInt64($0 % span) }
    case .zipf:
      let weights = (1...span).map { pow(Double($0), -1.0) }
      var sum = 0.0
      let cumulative = weights.map { weight -> Double in
        sum += weight
        return sum
      }
      return (0..<count).map { _ in
        let u = Double(next()) / Double(1 << 31) * sum
        var (low, high) = (0, span - 1)
        while low < high {
          let middle = (low + high) / 2
          if cumulative[middle] < u { low = middle + 1 } else { high = middle }
        }
        return UInt64(low)
      }
    }
  }
}

extension ReuseProfiler {
  /// Plays accesses to whole lines by number.
  func play(_ lines: [UInt64], kind: Access.Kind = .read, core: UInt16 = 0) {
    let accesses = lines.map { Access(address: $0 * 64, bytes: 64, core: core, kind: kind) }
    accesses.withUnsafeBufferPointer { consume($0) }
  }
}
