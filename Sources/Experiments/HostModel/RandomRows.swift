import Machines
import RunStore
import Statistics

/// The results of a calibration's random reads: the rate at which each level delivers rows, and the part of the last
/// level that this host can use.
struct RandomRows {
  private let calibration: Calibration
  /// The calibration as medians; nil where `calibration` itself holds medians.
  private let typical: Calibration?
  /// Capacities in bytes as the operating system reports them.
  private let sizes: [Int]

  /// Rates come from `calibration`, the usable part of the last level from `typical`: a rate is best while other
  /// users rest, but their share of a cache does not change within a few quiet milliseconds.
  init(_ calibration: Calibration, typical: Calibration? = nil, cacheSizes: [Int]) {
    self.calibration = calibration
    self.typical = typical
    sizes = cacheSizes
  }

  /// The order in which rows are read.
  enum Reading {
    /// One row after another; sizes are those of rows.
    case whole
    /// Several rows side by side, one piece of each at a time; sizes are those of pieces.
    case inPieces

    func name(_ bytes: Int) -> String {
      switch self {
      case .whole: Calibration.Name.randomRows(bytes)
      case .inPieces: Calibration.Name.randomRowPieces(bytes)
      }
    }

    var sizes: [Int] {
      switch self {
      case .whole: Calibration.randomRowSizes
      case .inPieces: Calibration.randomRowPieceSizes
      }
    }
  }

  /// GB/s at which one core reads random rows that lie in `level`; the number of levels stands for memory. Nil where
  /// it was not measured.
  ///
  /// The levels above still serve part of a larger working set at their own rate: time per byte is the mean of both,
  /// weighted by where the rows lie.
  func rate(_ reading: Reading = .whole, rowBytes: Int, level: Int) -> Double? {
    let name = reading.name(rowBytes)
    let sets = Calibration.levelSets(sizes)
    guard sets.indices.contains(level) else { return nil }
    let set = sets[level]
    guard let measured = calibration.value(name, workingSetBytes: set), measured > 0 else { return nil }
    guard level > 0 else { return measured }
    guard let above = rate(reading, rowBytes: rowBytes, level: level - 1) else { return measured }
    let capacityAbove = level < sizes.count ? Double(sizes[level - 1]) : Double(lastLevelBytes)
    let share = min(0.9, capacityAbove / Double(set))
    let secondsPerByte = (1 / measured - share / above) / (1 - share)
    return secondsPerByte > 0 ? min(above, 1 / secondsPerByte) : measured
  }

  /// Rates of all row sizes, made non-decreasing, since only noise makes a longer row slower.
  func rates(_ reading: Reading = .whole, level: Int, per unit: Double = 1) -> [RandomRowRate] {
    var most = 0.0
    return reading.sizes.compactMap { bytes in
      rate(reading, rowBytes: bytes, level: level).map { rate in
        most = max(most, rate / unit)
        return RandomRowRate(rowBytes: bytes, rate: (most * 1000).rounded() / 1000)
      }
    }
  }

  /// Bytes of the last level that one thread of this host can use: the reported capacity, or less where other guests
  /// use the cache too.
  ///
  /// With a share h of random rows found in the level, time per byte is h / rate of the level + (1 - h) / rate of memory.
  /// Solved for h, h x working set is the capacity; the median over working sets where both shares matter.
  var lastLevelBytes: Int {
    if let typical { return RandomRows(typical, cacheSizes: sizes).lastLevelBytes }
    guard sizes.count > 1, let reported = sizes.last else { return sizes.last ?? 0 }
    let bytes = Calibration.profiledRowSize
    let name = Calibration.Name.randomRows(bytes)
    // Memory's rate here includes the few hits of a set eight times the cache, which biases h by at most an eighth of
    // 1 - h.
    guard let inside = rate(rowBytes: bytes, level: sizes.count - 1),
      let outside = calibration.value(name, workingSetBytes: 8 * reported), outside < inside
    else { return reported }
    let capacities = calibration.ceilings.compactMap { row -> Double? in
      // From half of the level, where all rows should hit, to twice it, where half should.
      guard row.name == name, row.threads == 1, let set = row.workingSetBytes,
        (reported / 2...2 * reported).contains(set),
        row.value > 0
      else { return nil }
      let share = (1 / row.value - 1 / outside) / (1 / inside - 1 / outside)
      return (0.1...0.9).contains(share) ? share * Double(set) : nil
    }
    // A difference below 10 % is within the model's own error.
    guard !capacities.isEmpty else { return reported }
    let capacity = Int(quantile(capacities.sorted(), 0.5))
    return capacity > reported / 10 * 9 ? reported : capacity
  }
}
