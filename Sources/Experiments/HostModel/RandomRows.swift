import Machines
import RunStore
import Statistics

/// What the random reads of a calibration say about the levels of a host: how fast each delivers rows, and how much of
/// the last one this host really has.
struct RandomRows {
  private let calibration: Calibration
  /// As medians; nil where `calibration` is that itself.
  private let typical: Calibration?
  /// As the operating system reports them.
  private let sizes: [Int]

  /// Rates come from `calibration`, and from `typical` how much of the last level there is: a rate is at its best while others
  /// rest, but what they have of a cache is a state that a few quiet milliseconds do not change.
  init(_ calibration: Calibration, typical: Calibration? = nil, cacheSizes: [Int]) {
    self.calibration = calibration
    self.typical = typical
    sizes = cacheSizes
  }

  /// How rows are read.
  enum Reading {
    /// One after the other; sizes are those of rows.
    case whole
    /// Side by side, a piece of each at a time; sizes are those of pieces.
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

  /// GB/s at which one core reads random rows that lie in `level`, the number of levels standing for memory; nil where it
  /// was not measured.
  ///
  /// A working set larger than the levels above still finds their share of its rows there, at their rate: time per byte is
  /// the mean of both, weighted by where the rows lie.
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

  /// Rates of all row sizes, made not to fall: what noise makes a longer row slower is no property of the level.
  func rates(_ reading: Reading = .whole, level: Int, per unit: Double = 1) -> [RandomRowRate] {
    var most = 0.0
    return reading.sizes.compactMap { bytes in
      rate(reading, rowBytes: bytes, level: level).map { rate in
        most = max(most, rate / unit)
        return RandomRowRate(rowBytes: bytes, rate: (most * 1000).rounded() / 1000)
      }
    }
  }

  /// Bytes of the last level that this host's one thread can keep: what the operating system reports, or less where other
  /// guests use the cache too.
  ///
  /// With a share h of random rows found in the level, time per byte is h / rate of the level + (1 - h) / rate of memory.
  /// Solved for h, h x working set is the capacity; the median over working sets where both shares matter.
  var lastLevelBytes: Int {
    if let typical { return RandomRows(typical, cacheSizes: sizes).lastLevelBytes }
    guard sizes.count > 1, let reported = sizes.last else { return sizes.last ?? 0 }
    let bytes = Calibration.profiledRowSize
    let name = Calibration.Name.randomRows(bytes)
    // Memory's rate here includes the few hits of a set eight times the cache: that biases h by at most an eighth of 1 - h.
    guard let inside = rate(rowBytes: bytes, level: sizes.count - 1),
      let outside = calibration.value(name, workingSetBytes: 8 * reported), outside < inside
    else { return reported }
    let capacities = calibration.ceilings.compactMap { row -> Double? in
      // From half of the level, where all should hit, to twice it, where half should.
      guard row.name == name, row.threads == 1, let set = row.workingSetBytes,
        (reported / 2...2 * reported).contains(set),
        row.value > 0
      else { return nil }
      let share = (1 / row.value - 1 / outside) / (1 / inside - 1 / outside)
      return (0.1...0.9).contains(share) ? share * Double(set) : nil
    }
    // A tenth less is within the model's own error.
    guard !capacities.isEmpty else { return reported }
    let capacity = Int(quantile(capacities.sorted(), 0.5))
    return capacity > reported / 10 * 9 ? reported : capacity
  }
}
