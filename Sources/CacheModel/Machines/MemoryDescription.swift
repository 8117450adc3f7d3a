/// One kind of memory that a socket reaches directly: its DDR channels, its HBM stacks.
public struct MemoryDescription: Equatable, Sendable {
  /// Width of a DDR channel: 64 data bits.
  public static let ddrChannelBytes = 8

  public var name: String
  public var channels: Int?
  /// Transfers per second and pin, in millions.
  public var transferMegatransfers: Double?
  /// Data width of one channel; 8 for DDR, 16 for one channel of HBM.
  public var channelBytes: Int
  /// Channels x transfers x width: what the pins can do, not what a program gets.
  public var peakGigabytesPerSecond: Double
  /// Load-to-use latency with no other traffic.
  public var idleLatencyNanoseconds: Double
  /// Measured latency under load, one curve per share of reads; empty where none is published.
  public var curve: [LoadedLatencyCurve]
  /// Cache lines that one core keeps on their way from this memory, prefetchers included: its memory-level parallelism.
  public var linesInFlightPerCore: Double
  /// Independent random lines under way, where no prefetcher helps: the most that one core reads, by Little's law
  /// at the idle latency. Nil where not measured.
  public var randomLinesInFlightPerCore: Double?
  /// What one core's sequential ordinary stores sustain, in bytes stored: each line is read before it is written back.
  public var writeGigabytesPerSecondPerCore: Double?
  /// What one core's sequential non-temporal stores sustain; they read nothing.
  public var streamStoreGigabytesPerSecondPerCore: Double?
  /// By rising row size, with one core reading; empty where not measured.
  public var randomRows: [RandomRowRate]
  /// Rates of rows read in pieces, as `CacheDescription.randomRowPieces` has them.
  public var randomRowPieces: [RandomRowRate]

  public init(
    name: String, channels: Int? = nil, transferMegatransfers: Double? = nil,
    channelBytes: Int = MemoryDescription.ddrChannelBytes, peakGigabytesPerSecond: Double,
    idleLatencyNanoseconds: Double, curve: [LoadedLatencyCurve] = [], linesInFlightPerCore: Double,
    randomLinesInFlightPerCore: Double? = nil, writeGigabytesPerSecondPerCore: Double? = nil,
    streamStoreGigabytesPerSecondPerCore: Double? = nil, randomRows: [RandomRowRate] = [],
    randomRowPieces: [RandomRowRate] = []
  ) {
    self.name = name
    self.channels = channels
    self.transferMegatransfers = transferMegatransfers
    self.channelBytes = channelBytes
    self.peakGigabytesPerSecond = peakGigabytesPerSecond
    self.idleLatencyNanoseconds = idleLatencyNanoseconds
    self.curve = curve
    self.linesInFlightPerCore = linesInFlightPerCore
    self.randomLinesInFlightPerCore = randomLinesInFlightPerCore
    self.writeGigabytesPerSecondPerCore = writeGigabytesPerSecondPerCore
    self.streamStoreGigabytesPerSecondPerCore = streamStoreGigabytesPerSecondPerCore
    self.randomRows = randomRows
    self.randomRowPieces = randomRowPieces
  }
}

/// Load-to-use latency as a function of the traffic that the memory carries, at one share of reads (Mess, MICRO 2024).
public struct LoadedLatencyCurve: Equatable, Sendable, Encodable {
  public struct Point: Equatable, Sendable {
    public var gigabytesPerSecond: Double
    public var nanoseconds: Double

    public init(gigabytesPerSecond: Double, nanoseconds: Double) {
      self.gigabytesPerSecond = gigabytesPerSecond
      self.nanoseconds = nanoseconds
    }
  }

  /// Reads / (reads + writes) of the traffic at the memory, 0 to 1.
  public var readRatio: Double
  /// By rising bandwidth; the last point is the most that the memory delivers at this share of reads.
  public var points: [Point]

  public init(readRatio: Double, points: [Point]) {
    self.readRatio = readRatio
    self.points = points
  }
}

extension MemoryDescription {
  /// The curves of `donor` on this memory: the same share of the peak has the same delay above the idle latency.
  func curves(of donor: MemoryDescription) -> [LoadedLatencyCurve] {
    let scale = peakGigabytesPerSecond / donor.peakGigabytesPerSecond
    let shift = idleLatencyNanoseconds - donor.idleLatencyNanoseconds
    return donor.curve.map { curve in
      LoadedLatencyCurve(
        readRatio: curve.readRatio,
        points: curve.points.map {
          .init(gigabytesPerSecond: $0.gigabytesPerSecond * scale, nanoseconds: $0.nanoseconds + shift)
        })
    }
  }
}

extension MemoryDescription {
  /// Moves all points of all curves.
  package mutating func scaleCurves(bandwidth: Double = 1, latency: Double = 1) {
    for index in curve.indices {
      for point in curve[index].points.indices {
        curve[index].points[point].gigabytesPerSecond *= bandwidth
        curve[index].points[point].nanoseconds *= latency
      }
    }
  }

  /// Moves all points of all curves to a latency that is `nanoseconds` longer.
  mutating func shiftCurves(nanoseconds: Double) {
    for index in curve.indices {
      for point in curve[index].points.indices {
        curve[index].points[point].nanoseconds = max(0, curve[index].points[point].nanoseconds + nanoseconds)
      }
    }
  }
}
