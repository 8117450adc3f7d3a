import Kernels
import Plans
import Profiler
import RunStore

/// Chooses the baseline network of a point and says why; this is the only rule for it.
///
/// A speed-up compares two ways of doing the same work, so the baseline has the same tokens, threads and shape (features in and
/// out). Of several, the rule takes the one whose conditions differ in the least important place, in this order: element type,
/// out). Of several, the rule takes the one whose conditions differ in the least important place, in this order:
/// element type, CPUs, memory policy, pages, instruction set. A difference in any of them is a caveat of the
/// speed-up. Then comes the one of the same sweep, then the one with the conventional inner width (ff = 4 d, since a
/// narrower network is a smaller network, not a faster one), then the fastest, so that the baseline is never
/// needlessly slow. Planned points have no speed; among those that are left, the first one counts.
///
/// Sweeps come after the conditions because a point is measured once however many sweeps ask for it, and carries the name of the
/// first.
public struct Matchup<Candidate: MatchupCandidate> {
  public let baseline: Candidate
  /// The number of other networks with the same tokens, threads and shape.
  public let othersCount: Int
  /// Conditions in which the baseline differs from the point, the most important one first.
  public let differences: [MatchupDifference]
  /// The rank that preferred the baseline to the next best one; nil where there was no other, or no rank told them
  /// apart.
  public let decidedBy: MatchupRank?

  /// Nil where `candidate` is of a kind without a baseline, or `candidates` contain none for it.
  public init?(of candidate: Candidate, among candidates: some Sequence<Candidate>) {
    let point = candidate.matchupTraits
    guard point.needsBaseline else { return nil }
    var best: (candidate: Candidate, traits: MatchupTraits)?
    var second: MatchupTraits?
    var count = 0
    for other in candidates {
      let traits = other.matchupTraits
      guard traits.isBaseline, traits.work == point.work else { continue }
      count += 1
      if let known = best?.traits {
        if MatchupRank.isBetter(traits, than: known, for: point) {
          second = known
          best = (other, traits)
        } else if second.map({ MatchupRank.isBetter(traits, than: $0, for: point) }) ?? true {
          second = traits
        }
      } else {
        best = (other, traits)
      }
    }
    guard let best else { return nil }
    baseline = best.candidate
    othersCount = count - 1
    differences = MatchupRank.conditions.compactMap { $0.difference(best.traits, point) }
    decidedBy = second.flatMap { other in
      MatchupRank.allCases.first { $0.prefers(best.traits, to: other, for: point) != nil }
    }
  }

  /// Whether the speed-up also reflects a difference of conditions, not only of networks.
  public var hasCaveat: Bool { !differences.isEmpty }

  /// The reason in words: `same type, CPUs, memory, pages and instruction set; preferred to 2 others as the fastest`.
  public var reason: String {
    let alike: String
    if differences.isEmpty {
      alike = "same type, CPUs, memory, pages and instruction set"
    } else {
      alike = "differs in \(differences.map(\.text).joined(separator: ", "))"
    }
    switch (othersCount, decidedBy) {
    case (0, _): return "\(alike); the only one of the same tokens, threads and shape"
    case (let count, let rank?):
      return "\(alike); preferred to \(count == 1 ? "another" : "\(count) others") \(rank.reason)"
    case (let count, nil): return "\(alike); the first of \(count + 1) alike"
    }
  }
}

extension Matchup: Sendable where Candidate: Sendable {}

/// A condition that a point and its baseline do not share: `fp32 for bf16`.
public struct MatchupDifference: Equatable, Sendable {
  public let rank: MatchupRank
  public let baseline: String
  public let point: String

  /// `type (fp32 for bf16)`.
  public var text: String { "\(rank.name) (\(baseline) for \(point))" }
}

/// The criteria of the rule, the most important one first.
public enum MatchupRank: CaseIterable, Sendable {
  case type, cpus, memory, pages, isa, sweep, width, speed

  /// The ranks in which a difference is a caveat of the speed-up.
  static let conditions: [MatchupRank] = [.type, .cpus, .memory, .pages, .isa]

  var name: String {
    switch self {
    case .type: "type"
    case .cpus: "CPUs"
    case .memory: "memory"
    case .pages: "pages"
    case .isa: "instruction set"
    case .sweep: "sweep"
    case .width: "inner width"
    case .speed: "speed"
    }
  }

  /// The reason why this rank decided, to follow "preferred to others".
  var reason: String {
    switch self {
    case .type, .cpus, .memory, .pages, .isa: "for its \(name)"
    case .sweep: "as one of the same sweep"
    case .width: "for ff = 4 d"
    case .speed: "as the fastest"
    }
  }

  private func value(_ traits: MatchupTraits) -> String? {
    switch self {
    case .type: traits.type
    case .cpus: traits.cpus
    case .memory: traits.memory
    case .pages: traits.pages
    case .isa: traits.isa
    case .sweep: traits.sweep
    case .width, .speed: nil
    }
  }

  /// Nil where the two are equal, or one of them does not know.
  func difference(_ baseline: MatchupTraits, _ point: MatchupTraits) -> MatchupDifference? {
    guard let own = value(baseline), let other = value(point), own != other else { return nil }
    return MatchupDifference(rank: self, baseline: own, point: other)
  }

  /// Whether this rank prefers `one` (true) or `other` (false) as the baseline of `point`; nil where it prefers
  /// neither.
  func prefers(_ one: MatchupTraits, to other: MatchupTraits, for point: MatchupTraits) -> Bool? {
    let pair: (Double, Double)
    switch self {
    case .width: pair = (one.hasConventionalWidth ? 0 : 1, other.hasConventionalWidth ? 0 : 1)
    case .speed: pair = (-(one.tokensPerSecond ?? 0), -(other.tokensPerSecond ?? 0))
    default: pair = (difference(one, point) == nil ? 0 : 1, difference(other, point) == nil ? 0 : 1)
    }
    return pair.0 == pair.1 ? nil : pair.0 < pair.1
  }

  static func isBetter(_ one: MatchupTraits, than other: MatchupTraits, for point: MatchupTraits) -> Bool {
    allCases.lazy.compactMap { $0.prefers(one, to: other, for: point) }.first ?? false
  }
}

/// A planned or measured point, as the rule sees it.
public protocol MatchupCandidate {
  var matchupTraits: MatchupTraits { get }
}

/// The traits of a point that the rule compares.
public struct MatchupTraits: Sendable {
  /// The traits that a point and its baseline must share.
  struct Work: Equatable, Sendable {
    var tokens: Int
    var threads: Int
    var hidden: Int
    var output: Int
  }

  var isBaseline: Bool
  var needsBaseline: Bool
  var work: Work
  var type: String
  var cpus: String
  var memory: String
  /// The kind of pages; nil where it is unknown.
  var pages: String?
  var isa: String?
  var sweep: String
  /// Whether the inner width is ff = 4 d.
  var hasConventionalWidth: Bool
  /// Measured throughput; nil where nothing was measured.
  var tokensPerSecond: Double?
}

extension Point: MatchupCandidate {
  public var matchupTraits: MatchupTraits {
    MatchupTraits(
      isBaseline: isBaseline, needsBaseline: needsBaseline,
      work: .init(tokens: tokens, threads: threads, hidden: hidden, output: output), type: dtype.rawValue,
      cpus: cpus.description, memory: memory.description, pages: pages.rawValue, isa: isa.rawValue, sweep: sweep,
      hasConventionalWidth: network.hasConventionalWidth, tokensPerSecond: nil)
  }
}

extension ResultRow: MatchupCandidate {
  /// Pages and instruction set are the actual ones, not the requested ones.
  public var matchupTraits: MatchupTraits {
    MatchupTraits(
      isBaseline: self.isBaseline, needsBaseline: self.needsBaseline,
      work: .init(tokens: self.tokens, threads: self.threads, hidden: self.hidden, output: self.output),
      type: self.dtype.rawValue, cpus: self.cpus,
      memory: self.memoryPolicy, pages: self.pageKind?.rawValue, isa: self.isa, sweep: self.sweep,
      hasConventionalWidth: network?.hasConventionalWidth == true, tokensPerSecond: self.tokensPerSecond)
  }
}
