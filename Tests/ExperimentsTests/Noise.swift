import Foundation
import Kernels

/// Synthetic times of one process, seeded, with the disturbances of shared machines.
enum NoiseModel: String, CaseIterable {
  /// Independent and skewed, with processes 1 % apart.
  case lognormal
  /// A third of the samples are a quarter slower, and one in twenty is an outlier.
  case bimodalWithOutliers
  /// Processes of two kinds: a third of them 20 % slower from start to end.
  case twoKindsOfProcess
  /// A slow drift that a process does not average away, from a random start for each process.
  case drift
  /// Processes that differ by Student's t with two degrees of freedom.
  case heavyTails

  /// Logarithms of times about 1.
  func process(samples: Int, _ noise: inout Noise) -> [Double] {
    let own: Double
    switch self {
    case .lognormal: own = 0.01 * noise.normal()
    case .bimodalWithOutliers: own = 0.02 * noise.normal()
    case .twoKindsOfProcess: own = noise.uniform() < 1.0 / 3 ? 0.2 : 0
    case .drift: own = 0
    case .heavyTails:
      let spread = noise.normal() * noise.normal() + noise.normal() * noise.normal()
      own = 0.02 * noise.normal() / max(abs(spread), 0.05).squareRoot()
    }
    var state = 0.03 * noise.normal()
    return (0..<samples).map { _ in
      switch self {
      case .lognormal: return own + 0.03 * noise.normal()
      case .bimodalWithOutliers:
        let slow: Double = noise.uniform() < 1.0 / 3 ? 0.25 : 0
        let far: Double = noise.uniform() < 0.05 ? -log(noise.uniform()) : 0
        return own + slow + far + 0.01 * noise.normal()
      case .twoKindsOfProcess: return own + 0.01 * noise.normal()
      case .drift:
        state = 0.95 * state + 0.01 * noise.normal()
        return state + 0.005 * noise.normal()
      case .heavyTails: return own + 0.02 * noise.normal()
      }
    }
  }
}

/// Seeded random numbers.
struct Noise {
  private var source: RandomSource

  init(seed: UInt64) { source = RandomSource(seed: seed) }

  /// Above 0, below 1.
  mutating func uniform() -> Double { (Double(source.next() >> 11) + 0.5) * 0x1p-53 }

  mutating func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * Double.pi * uniform()) }
}
