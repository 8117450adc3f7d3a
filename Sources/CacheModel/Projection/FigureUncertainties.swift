import Machines

/// How far each figure that the timing equations use may be off, relative to itself: what the tags of a machine's provenance
/// stand for. Machines of a grid share their base's.
public struct FigureUncertainties: Sendable {
  struct Cache: Sendable {
    var latency: Double
    var bandwidth: Double
    var writeBandwidth: Double
    var randomRows: Double
  }

  struct Memory: Sendable {
    var peak: Double
    var idleLatency: Double
    var linesInFlight: Double
    var randomRows: Double
    var curve: Double
  }

  let frequency: Double
  let bf16: Double
  let int8: Double
  let productShare: Double
  let multiplyAddLatency: Double
  let window: Double
  let issueWidth: Double
  let overlap: Double
  /// By level.
  let caches: [Cache]
  let memory: Memory
  let remoteLatency: Double
  let link: Double

  /// Of projections with the data in the memory `name`, nil for the first. Throws `InputError` where the machine lacks it.
  public init(of machine: Machine, memory name: String? = nil) throws {
    let index = try machine.memoryIndex(named: name)
    func uncertainty(_ key: String) -> Double { machine.tag(of: key).relativeUncertainty }
    frequency = uncertainty("frequency_ghz")
    bf16 = uncertainty("simd.bf16_per_cycle")
    int8 = uncertainty("simd.int8_per_cycle")
    productShare = uncertainty("simd.product_share")
    multiplyAddLatency = uncertainty("simd.latency_cycles")
    window = uncertainty("simd.window")
    issueWidth = uncertainty("simd.issue_width")
    overlap = uncertainty("overlap")
    caches = machine.caches.indices.map { level in
      Cache(
        latency: uncertainty("caches[\(level)].latency_cycles"),
        bandwidth: uncertainty("caches[\(level)].bytes_per_cycle"),
        writeBandwidth: uncertainty("caches[\(level)].write_bytes_per_cycle"),
        randomRows: uncertainty("caches[\(level)].random_rows"))
    }
    let path = "memory[\(index)]"
    memory = Memory(
      peak: uncertainty("\(path).peak_gbps"), idleLatency: uncertainty("\(path).idle_latency_ns"),
      linesInFlight: uncertainty("\(path).lines_in_flight_per_core"), randomRows: uncertainty("\(path).random_rows"),
      curve: uncertainty("\(path).curve"))
    remoteLatency = uncertainty("numa.remote_latency_ns")
    link = uncertainty("numa.link_gbps")
  }
}
