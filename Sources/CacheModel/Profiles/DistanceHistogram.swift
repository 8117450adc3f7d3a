/// How often each stack distance occurred.
///
/// Counts are whole numbers for an exact profile and estimates for a sampled one.
public struct DistanceHistogram: Equatable, Sendable {
  /// Accesses at a distance, rising in distance.
  public struct Bin: Equatable, Sendable {
    /// Distinct other lines since the last access to the same line.
    public var distance: Int
    public var count: Double

    public init(distance: Int, count: Double) {
      self.distance = distance
      self.count = count
    }
  }

  public private(set) var bins: [Bin]
  /// Accesses to lines never accessed before: they miss at every capacity.
  public private(set) var cold: Double

  public init(bins: [Bin] = [], cold: Double = 0) {
    self.bins = bins
    self.cold = cold
  }

  /// All accesses.
  public var total: Double { bins.reduce(cold) { $0 + $1.count } }

  /// Accesses that miss in a fully associative LRU cache of `lines` lines: those at a distance of at least `lines`.
  /// O(number of bins).
  public func misses(lines: Int) -> Double {
    bins.reduce(cold) { $1.distance >= lines ? $0 + $1.count : $0 }
  }

  /// Accesses that miss in a set-associative LRU cache: the sum over distances of miss probability x count.
  public func misses(_ associativity: SetAssociativity) -> Double {
    var probabilities = MissProbabilities(of: associativity)
    return misses(&probabilities)
  }

  /// Misses by probabilities that other histograms use too.
  ///
  /// The probability rises with the distance, so only the bins between certain hits and certain misses are computed
  /// one by one: O(bins between x ways + bins).
  func misses(_ probabilities: inout MissProbabilities) -> Double {
    // Below one line of the largest possible number of accesses.
    let nothing = 1e-12
    var (low, high) = (0, bins.count)
    while low < high {
      let middle = (low + high) / 2
      if probabilities[bins[middle].distance] > nothing {
        high = middle
      } else {
        low = middle + 1
      }
    }
    var sum = cold
    while low < bins.count {
      let chance = probabilities[bins[low].distance]
      if chance > 1 - nothing { break }
      sum += bins[low].count * chance
      low += 1
    }
    while low < bins.count {
      sum += bins[low].count
      low += 1
    }
    return sum
  }

  /// The sum of two histograms.
  public static func + (a: DistanceHistogram, b: DistanceHistogram) -> DistanceHistogram {
    var merged: [Bin] = []
    merged.reserveCapacity(max(a.bins.count, b.bins.count))
    var (i, j) = (0, 0)
    while i < a.bins.count || j < b.bins.count {
      let fromA = j == b.bins.count || (i < a.bins.count && a.bins[i].distance <= b.bins[j].distance)
      let fromB = i == a.bins.count || (j < b.bins.count && b.bins[j].distance <= a.bins[i].distance)
      var bin = Bin(distance: fromA ? a.bins[i].distance : b.bins[j].distance, count: 0)
      if fromA {
        bin.count += a.bins[i].count
        i += 1
      }
      if fromB {
        bin.count += b.bins[j].count
        j += 1
      }
      merged.append(bin)
    }
    return DistanceHistogram(bins: merged, cold: a.cold + b.cold)
  }

  /// The histogram in few bins, for evaluating many machines. It is exact up to a distance of 2 x `perOctave`; beyond
  /// that each distance is rounded to the middle of its bin, which is off by at most one part in 2 x `perOctave`.
  public func coarsened(perOctave: Int = 64) -> DistanceHistogram {
    var coarse: [Bin] = []
    for bin in bins {
      var distance = bin.distance
      if distance >= 2 * perOctave {
        let octave = Int.bitWidth - 1 - distance.leadingZeroBitCount
        let width = (1 << octave) / perOctave
        distance = distance / width * width + width / 2
      }
      if let last = coarse.last, last.distance == distance {
        coarse[coarse.count - 1].count += bin.count
      } else {
        coarse.append(Bin(distance: distance, count: bin.count))
      }
    }
    return DistanceHistogram(bins: coarse, cold: cold)
  }
}

/// Counts distances as they come; `histogram` sorts them.
struct DistanceCounter {
  /// Counts by distance in sampled lines, where the rate is fixed.
  private var dense: [Double] = []
  /// Counts by true distance, where the rate changes.
  private var sparse: [Int: Double] = [:]
  private var cold = 0.0

  @inline(__always)
  mutating func add(_ distance: Int?) {
    guard let distance else {
      cold += 1
      return
    }
    if distance >= dense.count {
      dense.append(contentsOf: repeatElement(0, count: max(distance + 1 - dense.count, dense.count)))
    }
    dense[distance] += 1
  }

  /// Adds an access to a line sampled at `rate`, which stands for 1 / rate accesses.
  mutating func add(_ distance: Int?, rate: Double) {
    guard let distance else {
      cold += 1 / rate
      return
    }
    sparse[Int((Double(distance) / rate).rounded()), default: 0] += 1 / rate
  }

  /// The histogram of a sample of all lines at `rate`, scaled to all accesses.
  func histogram(rate: Double) -> DistanceHistogram {
    var counts = sparse
    for (distance, count) in dense.enumerated() where count > 0 {
      counts[Int((Double(distance) / rate).rounded()), default: 0] += count / rate
    }
    return DistanceHistogram(
      bins: counts.sorted { $0.key < $1.key }.map { DistanceHistogram.Bin(distance: $0.key, count: $0.value) },
      cold: cold / (sparse.isEmpty ? rate : 1))
  }
}
