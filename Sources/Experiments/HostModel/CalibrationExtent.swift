import Profiler

/// How much a calibration measures.
public enum CalibrationExtent: Sendable {
  /// What a debug build measures: each figure of a quick calibration, once, with memory that need not exceed the last cache. No
  /// figure is worth anything, and a run goes through all its steps in seconds.
  case rehearsal
  /// What a run needs: its ceilings and every figure of its host's machine file, each working set a power of two. The
  /// curves are those of the full calibration, with fewer points and samples.
  case quick
  /// All series of `calibrate`.
  case full

  /// Times that all micro-benchmarks but those under load are gone through, seconds apart: what disturbs one for a while
  /// leaves it alone in another.
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

  /// Turns of an empty loop after every 512 bytes of traffic, from a trickle to all that a core can. Each is about two
  /// thirds of the one before, since what lies between is where latency begins to rise.
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

  /// The capacity that a calibration takes a cache of so many bytes for: memory is sized by the last one.
  func cacheBytes(_ bytes: Int) -> Int {
    switch self {
    case .rehearsal: min(bytes, 4 << 20)
    case .quick, .full: bytes
    }
  }

  /// What a run measures.
  public static var ofRuns: CalibrationExtent { BuildConfiguration.current == .debug ? .rehearsal : .quick }

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
