/// The miss probabilities of one cache by stack distance, each computed at its first use, because the histograms of a
/// profile's phases share distances.
struct MissProbabilities {
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
