import Foundation
import Testing

@testable import Statistics

/// Values computed by scipy (Fixtures/record-scipy.py), and examples from the literature.
@Suite struct ComparisonStatisticsTests {
  private struct Recorded: Decodable {
    struct Samples: Decodable {
      var name: String
      var x: [Double]
      var y: [Double]
      var u: Double
      var pValue: Double
      var cliffsDelta: Double
      var shift: Double
      var interval: [Double]?
    }
    struct Adjustment: Decodable {
      var pValues: [Double]
      var adjusted: [Double]
    }
    struct Tail: Decodable {
      var degrees: Double
      var t: Double
      var pValue: Double
    }
    struct Critical: Decodable {
      var degrees: Double
      var p: Double
      var t: Double
    }
    struct Gamma: Decodable {
      var x: Double
      var digamma: Double
      var trigamma: Double
    }
    struct Prior: Decodable {
      var variances: [Double]
      var degrees: [Double]
      var priorDegrees: Double?
      var priorVariance: Double
    }
    var mannWhitney: [Samples]
    var benjaminiHochberg: Adjustment
    var studentT: [Tail]
    var studentTCritical: [Critical]
    var gamma: [Gamma]
    var variancePrior: [Prior]

    static func read() throws -> Recorded {
      let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures/comparison-statistics.json")
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(Recorded.self, from: Data(contentsOf: url))
    }
  }

  private func near(_ a: Double, _ b: Double, _ tolerance: Double = 1e-8) -> Bool {
    abs(a - b) <= tolerance * max(1, abs(b))
  }

  @Test func `the rank test and its effect size are scipy's`() throws {
    for recorded in try Recorded.read().mannWhitney {
      let test = try #require(MannWhitney(recorded.x, recorded.y))
      #expect(near(test.u, recorded.u), "\(recorded.name)")
      #expect(near(test.pValue, recorded.pValue), "\(recorded.name): \(test.pValue)")
      #expect(near(test.cliffsDelta, recorded.cliffsDelta), "\(recorded.name)")
    }
  }

  @Test func `the shift and its interval are those of all differences`() throws {
    for recorded in try Recorded.read().mannWhitney {
      let estimate = try #require(HodgesLehmann(recorded.x, recorded.y))
      #expect(near(estimate.shift, recorded.shift), "\(recorded.name)")
      guard recorded.x.count * recorded.y.count <= MannWhitney.exactPairs else { continue }
      #expect(estimate.interval.map { [$0.lowerBound, $0.upperBound] } == recorded.interval, "\(recorded.name)")
    }
  }

  @Test func `the permeability of human placentas: U = 35, two-sided p = 0.2544, shift 0.305`() throws {
    // Hollander and Wolfe (1973), p. 69; the example of R's wilcox.test, whose one-sided p is 0.1272.
    let term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    let early = [1.15, 0.88, 0.90, 0.74, 1.21]
    let test = try #require(MannWhitney(term, early))
    #expect(test.u == 35)
    #expect(near(test.pValue, 0.2544, 5e-5))
    #expect(near(try #require(HodgesLehmann(term, early)).shift, 0.305, 1e-12))
  }

  @Test func `of fifteen endpoints of a trial the procedure of Benjamini and Hochberg rejects four`() throws {
    // Benjamini and Hochberg (1995), section 3: thrombolysis in myocardial infarction, at 5 %.
    let values = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1,
    ]
    #expect(benjaminiHochberg(values).map { $0 <= 0.05 } == values.indices.map { $0 < 4 })
    let recorded = try Recorded.read().benjaminiHochberg
    for (own, expected) in zip(benjaminiHochberg(recorded.pValues), recorded.adjusted) { #expect(near(own, expected)) }
    #expect(benjaminiHochberg([]).isEmpty)
  }

  @Test func `Student's t has scipy's tails and critical values`() throws {
    let recorded = try Recorded.read()
    for tail in recorded.studentT {
      #expect(near(StudentT(degrees: tail.degrees).twoSidedPValue(tail.t), tail.pValue, 1e-10), "\(tail)")
    }
    for critical in recorded.studentTCritical {
      #expect(near(StudentT(degrees: critical.degrees).criticalValue(twoSided: critical.p), critical.t), "\(critical)")
    }
    #expect(near(StudentT(degrees: .infinity).criticalValue(twoSided: 0.05), 1.959963984540054))
  }

  @Test func `the variances of a grid have the prior that scipy finds`() throws {
    let recorded = try Recorded.read()
    for gamma in recorded.gamma {
      #expect(near(digamma(gamma.x), gamma.digamma, 1e-9))
      #expect(near(trigamma(gamma.x), gamma.trigamma, 1e-9))
      #expect(near(inverseTrigamma(gamma.trigamma), gamma.x, 1e-7))
    }
    for expected in recorded.variancePrior {
      let pairs = zip(expected.variances, expected.degrees).map { (variance: $0, degrees: $1) }
      let prior = try #require(VariancePrior(pairs))
      #expect(near(prior.variance, expected.priorVariance, 1e-6))
      if let degrees = expected.priorDegrees {
        #expect(near(prior.degrees, degrees, 1e-6))
      } else {
        #expect(prior.degrees == .infinity)
      }
    }
  }

  @Test func `a point's own variance counts by its degrees of freedom`() {
    let prior = VariancePrior(variance: 4, degrees: 6)
    let moderated = prior.moderated((variance: 1, degrees: 2))
    #expect(moderated.variance == 3.25)
    #expect(moderated.degrees == 8)
    let alike = VariancePrior(variance: 4, degrees: .infinity).moderated((variance: 1, degrees: 2))
    #expect(alike.variance == 4)
    #expect(VariancePrior([]) == nil)
  }

  @Test func `independent samples are blocks of their own, and samples that follow each other share one`() {
    var random = Noise(seed: 3)
    let independent = (0..<200).map { _ in random.normal() }
    #expect(autocorrelationTime(independent) < 2)
    var state = 0.0
    let drifting = (0..<200).map { _ -> Double in
      state = 0.95 * state + random.normal()
      return state
    }
    // (1 + 0.95) / (1 - 0.95) = 39 samples are worth one; a series of 200 shows less.
    #expect(autocorrelationTime(drifting) > 8)
    #expect(blockMedians(drifting).count < 25)
    #expect(blockMedians([5, 1, 3]) == [5, 1, 3])
    #expect(blockMedians(Array(repeating: 2.0, count: 50), most: 10) == Array(repeating: 2, count: 10))
    #expect(blockMedians([]).isEmpty)
  }
}
