import Kernels
import Testing

@testable import Statistics

@Suite struct LaunchVarianceTests {
  @Test func `launches that are the same have no variance between them`() throws {
    let variance = try #require(LaunchVariance([[9, 10, 11, 10, 9, 11], [11, 9, 10, 10, 11, 9]]))
    #expect(variance.betweenLaunches == 0)
    #expect(variance.withinLaunch == 1.4826)
    #expect(!variance.betweenDominates)
  }

  @Test func `a launch that is slower as a whole dominates`() throws {
    // Medians 10 and 14: variance 8, less (pi/2) 1.4826^2 / 6 that their own error explains.
    let variance = try #require(LaunchVariance([[9, 10, 11, 10, 9, 11], [13, 14, 15, 14, 13, 15]]))
    let explained = Double.pi / 2 * 1.4826 * 1.4826 / 6
    #expect(abs(variance.betweenLaunches - (8 - explained).squareRoot()) < 1e-12)
    #expect(variance.betweenDominates)
  }

  @Test func `one launch has nothing to differ from`() {
    #expect(LaunchVariance([[1, 2, 3]]) == nil)
    #expect(LaunchVariance([[1, 2, 3], []]) == nil)
  }

  @Test func `the component is recovered from synthetic launches, and absent where there is none`() throws {
    var random = RandomSource(seed: 11)
    func launches(between: Double) -> [[Double]] {
      (0..<400).map { _ in
        let own = 100 + between * Double(random.normals(1)[0])
        return random.normals(31).map { own + Double($0) }
      }
    }
    let some = try #require(LaunchVariance(launches(between: 2)))
    #expect((1.8...2.2).contains(some.betweenLaunches), "\(some)")
    // The MAD of 31 normal samples is a few percent below that of many.
    #expect((0.9...1.05).contains(some.withinLaunch), "\(some)")
    let none = try #require(LaunchVariance(launches(between: 0)))
    #expect(none.betweenLaunches < 0.15, "\(none)")
  }
}
