/// One kind of memory that a socket reaches directly, such as its DDR channels or its HBM stacks.
public struct MemoryDescription: Equatable, Sendable {
  /// Width of a DDR channel: 64 data bits.
  public static let ddrChannelBytes = 8

  public var name: String
  public var channels: Int?
  /// Transfers per second and pin, in millions.
  public var transferMegatransfers: Double?
  /// Data width of one channel in bytes: 8 for DDR, 16 for one channel of HBM.
  public var channelBytes: Int
  /// Channels x transfers x width: the bandwidth of the pins, which no program reaches.
  public var peakGigabytesPerSecond: Double
  /// Load-to-use latency with no other traffic.
  public var idleLatencyNanoseconds: Double
  /// Measured latency under load, one curve per share of reads; empty where none is published.
  public var curve: [LoadedLatencyCurve]
  /// Cache lines that one core keeps in flight from this memory, prefetchers included: its memory-level parallelism.
  public var linesInFlightPerCore: Double
  /// Independent random lines in flight, where no prefetcher helps: one core's highest rate of them x idle latency
  /// (Little's law). Nil where not measured.
  public var randomLinesInFlightPerCore: Double?
  /// GB/s that one core's sequential ordinary stores sustain, in bytes stored: each line is read before it is written
  /// back. Nil where not measured.
  public var writeGigabytesPerSecondPerCore: Double?
  /// GB/s that one core's sequential non-temporal stores sustain, which read nothing. Nil where not measured.
  public var streamStoreGigabytesPerSecondPerCore: Double?
  /// Rates by rising row size, with one core reading; empty where not measured.
  public var randomRows: [RandomRowRate]
  /// Rates of rows read in pieces, as in `CacheDescription.randomRowPieces`.
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
  /// Points by rising bandwidth. The last point has the maximum bandwidth of the memory at this share of reads.
  public var points: [Point]

  public init(readRatio: Double, points: [Point]) {
    self.readRatio = readRatio
    self.points = points
  }
}

extension MemoryDescription {
  /// The curves of `donor` on this memory: at the same share of the peak, the delay above the idle latency is the
  /// same.
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

  /// Adds `nanoseconds` to the latency of all points of all curves.
  mutating func shiftCurves(nanoseconds: Double) {
    for index in curve.indices {
      for point in curve[index].points.indices {
        curve[index].points[point].nanoseconds = max(0, curve[index].points[point].nanoseconds + nanoseconds)
      }
    }
  }
}
