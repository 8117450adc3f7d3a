/// The miss probabilities of one cache by stack distance, each computed when it is first asked for: the histograms of a
/// profile's phases ask for the same distances.
struct MissChances {
  private let cache: SetAssociativity
  private var known: [Int: Double] = [:]

  init(of cache: SetAssociativity) {
    self.cache = cache
  }

  subscript(distance: Int) -> Double {
    mutating get {
      if let chance = known[distance] { return chance }
      let chance = cache.missProbability(distance: distance)
      known[distance] = chance
      return chance
    }
  }
}
