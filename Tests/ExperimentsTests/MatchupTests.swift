import Kernels
import PlanSupport
import Profiler
import Testing

@testable import Plans
@testable import RunStore
@testable import Studies

/// One case for each rank of the rule that chooses a baseline.
@Suite struct MatchupTests {
  private let lookup = Point(
    sweep: "lookup", kernel: .lookup, seed: 1, hidden: 512, output: 512, tables: 128, tableRows: 256, tokens: 64,
    threads: 2)

  private func dense(_ change: (inout Point) -> Void = { _ in }) -> Point {
    var point = Point(
      sweep: "dense", kernel: .dense, seed: 1, hidden: 512, intermediate: 2048, output: 512, tokens: 64, threads: 2)
    change(&point)
    return point
  }

  private func row(_ point: Point, nanosecondsPerToken: Double? = nil) -> ResultRow {
    var row = ResultRow(runID: "r", host: "h", point: point, status: .passed)
    row.tokensPerSecond = nanosecondsPerToken.map { 1e9 / $0 }
    return row
  }

  @Test func `the same tokens, threads and shape are required`() {
    for other in [
      dense { $0.tokens = 128 }, dense { $0.threads = 1 }, dense { $0.dense.hidden = 256 },
    ] {
      #expect(Matchup(of: lookup, among: [other, lookup]) == nil)
    }
    #expect(Matchup(of: lookup, among: [dense { $0.tokens = 128 }, dense()])?.baseline == dense())
    // A baseline has no baseline.
    #expect(Matchup(of: dense(), among: [dense()]) == nil)
  }

  /// A candidate that is worse in one rank loses against one that is worse in every later rank, in either order.
  @Test func `each rank decides before all later ones`() throws {
    let worsen: [(MatchupRank, (inout Point) -> Void)] = [
      (.type, { $0.dense.dtype = .bf16 }), (.cpus, { $0.cpus = .onePerL3 }), (.memory, { $0.memory = .interleave }),
      (.pages, { $0.pages = .base }), (.isa, { $0.isa = .avx2 }), (.sweep, { $0.sweep = "other" }),
      (.width, { $0.dense.intermediate = 1024 }),
    ]
    #expect(worsen.map(\.0) == MatchupRank.allCases.filter { $0 != .speed })
    var lookup = lookup
    lookup.sweep = "dense"
    for (place, (rank, change)) in worsen.enumerated() {
      let worse = dense(change)
      let better = dense { point in for (_, change) in worsen[(place + 1)...] { change(&point) } }
      for candidates in [[worse, better], [better, worse]] {
        let matchup = try #require(Matchup(of: lookup, among: candidates))
        #expect(matchup.baseline == better, "\(rank)")
        #expect(matchup.decidedBy == rank)
      }
    }
  }

  @Test func `of measured networks that are alike the fastest counts, but no narrower one`() throws {
    let wide = row(dense(), nanosecondsPerToken: 20)
    let fast = row(dense { $0.seed = 2 }, nanosecondsPerToken: 10)
    let narrow = row(dense { $0.dense.intermediate = 1024 }, nanosecondsPerToken: 5)
    let matchup = try #require(Matchup(of: row(lookup, nanosecondsPerToken: 1), among: [wide, fast, narrow]))
    #expect(matchup.baseline == fast)
    #expect(matchup.decidedBy == .speed)
    #expect(
      matchup.reason
        == "same type, CPUs, memory, pages and instruction set; preferred to 2 others as the fastest")
  }

  @Test func `of planned networks that are alike the first counts`() throws {
    let matchup = try #require(Matchup(of: lookup, among: [dense(), dense { $0.seed = 2 }]))
    #expect(matchup.baseline == dense())
    #expect(matchup.decidedBy == nil)
    #expect(matchup.reason.hasSuffix("the first of 2 alike"))
  }

  @Test func `differences are caveats and said in words`() throws {
    let other = dense {
      $0.dense.dtype = .bf16
      $0.pages = .base
    }
    let matchup = try #require(Matchup(of: lookup, among: [other]))
    #expect(matchup.hasCaveat)
    #expect(
      matchup.reason
        == "differs in type (bf16 for fp32), pages (4k for thp); the only one of the same tokens, threads and shape")
    #expect(try #require(Matchup(of: lookup, among: [dense()])).hasCaveat == false)
  }

  /// A case in which the report and `explore` once chose differently.
  @Test func `planned and measured points get the same baseline`() throws {
    // By element type and sweep, the interleaved one would win; by placement, the other one.
    var lookup = lookup
    lookup.sweep = "placement"
    let alike = dense()
    let interleaved = dense {
      $0.sweep = "placement"
      $0.memory = .interleave
    }
    let planned = try #require(Matchup(of: lookup, among: [interleaved, alike]))
    let measured = try #require(
      Matchup(
        of: row(lookup), among: [row(interleaved, nanosecondsPerToken: 9), row(alike, nanosecondsPerToken: 10)]))
    #expect(planned.baseline == alike)
    #expect(measured.baseline.pointID == alike.id)
  }

  @Test func `what was found on one side only is no difference`() throws {
    var found = row(lookup, nanosecondsPerToken: 1)
    found.pageKindAfter = .transparentHuge
    found.isa = "avx2"
    let matchup = try #require(Matchup(of: found, among: [row(dense(), nanosecondsPerToken: 10)]))
    #expect(!matchup.hasCaveat)
  }
}
