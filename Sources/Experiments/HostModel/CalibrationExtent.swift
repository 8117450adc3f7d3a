import Profiler

/// The extent of a calibration.
public enum CalibrationExtent: Sendable {
  /// For debug builds: each figure of a quick calibration once, with memory that may be smaller than the last cache.
  /// The figures are meaningless, but a run goes through all its steps in seconds.
  case rehearsal
  /// For runs: the ceilings and every figure of the host's machine file, with powers of two as working sets. The
  /// curves are those of the full calibration, with fewer points and samples.
  case quick
  /// For `calibrate`: all series.
  case full

  /// The number of rounds over all micro-benchmarks except those under load. Rounds are seconds apart, so that a
  /// temporary disturbance affects only one of them.
  public var rounds: Int {
    switch self {
    case .rehearsal: 1
    case .quick, .full: 3
    }
  }

  /// Samples of each point in a round. Over all rounds at least 9, the fewest for which the 95 % interval of the median
  /// leaves out an extreme on both sides; each sample already averages a millisecond of repetitions.
  var repetitions: Int {
    switch self {
    case .rehearsal: 1
    case .quick: 3
    case .full: 4
    }
  }

  /// Samples of a setting of loaded latency, a few tenths of a millisecond each.
  var loadedRepetitions: Int {
    switch self {
    case .rehearsal: 3
    case .quick: 15
    case .full: 41
    }
  }

  /// Iterations of an empty loop after every 512 bytes of traffic, from almost none to the most traffic that a core
  /// can make. Each is about two thirds of the one before, because latency begins to rise between the extremes.
  var pauses: [Int] {
    switch self {
    case .rehearsal, .quick: [4000, 1000, 400, 200, 100, 50, 0]
    case .full: [16000, 8000, 4000, 2000, 1400, 1000, 700, 500, 350, 250, 180, 120, 80, 40, 20, 0]
    }
  }

  /// Lines that a thread touches after every dependent load.
  var linesPerLoad: [Int] {
    switch self {
    case .rehearsal, .quick: []
    case .full: [0, 1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64]
    }
  }

  /// The capacity that a calibration assumes for a cache of `bytes` bytes; that of the last cache determines the size
  /// of memory.
  func cacheBytes(_ bytes: Int) -> Int {
    switch self {
    case .rehearsal: min(bytes, 4 << 20)
    case .quick, .full: bytes
    }
  }

  /// The extent of the calibration of a run.
  public static var ofRuns: CalibrationExtent { BuildConfiguration.isRehearsal ? .rehearsal : .quick }

  /// Working sets from 8 KiB to `largest`: powers of two, in a full calibration also the 1.5-fold sizes between them.
  func workingSets(upTo largest: Int) -> [Int] {
    var sizes: [Int] = []
    var size = 8 << 10
    while size <= largest {
      sizes.append(size)
      if self == .full, size >= 16 << 10, size + size / 2 <= largest { sizes.append(size + size / 2) }
      size *= 2
    }
    return sizes
  }
}
