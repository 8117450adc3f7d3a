/// JSON has the keys of the machine file; sizes are bytes, and what is absent is left out.
extension Machine: Encodable {
  private enum Key: String, CodingKey {
    case schema, name, description, status, sources, cores, simd, caches, tlb, overlap, memory, numa, provenance
    case effectiveCores = "effective_cores"
    case frequencyGHz = "frequency_ghz"
    case transfersOverlap = "transfers_overlap"
  }

  public func encode(to encoder: Encoder) throws {
    var object = encoder.container(keyedBy: Key.self)
    try object.encode(Machine.schema, forKey: .schema)
    try object.encode(name, forKey: .name)
    try object.encode(description, forKey: .description)
    try object.encode(status, forKey: .status)
    try object.encode(sources, forKey: .sources)
    try object.encodeIfPresent(cores, forKey: .cores)
    try object.encodeIfPresent(effectiveCores, forKey: .effectiveCores)
    try object.encodeIfPresent(frequencyGHz, forKey: .frequencyGHz)
    try object.encodeIfPresent(simd, forKey: .simd)
    try object.encode(caches, forKey: .caches)
    try object.encode(tlb, forKey: .tlb)
    try object.encodeIfPresent(transfersOverlap, forKey: .transfersOverlap)
    try object.encodeIfPresent(overlap, forKey: .overlap)
    try object.encode(memory, forKey: .memory)
    try object.encodeIfPresent(numa, forKey: .numa)
    try object.encode(provenance, forKey: .provenance)
  }
}

extension VectorUnits {
  enum CodingKeys: String, CodingKey {
    case isa
    case widthBits = "width_bits"
    case fmaUnits = "fma_units"
    case bf16PerCycle = "bf16_per_cycle"
    case int8PerCycle = "int8_per_cycle"
    case productShare = "product_share"
    case latencyCycles = "latency_cycles"
    case window
    case issueWidth = "issue_width"
  }
}

extension NUMADescription {
  enum CodingKeys: String, CodingKey {
    case nodes
    case remoteLatencyNanoseconds = "remote_latency_ns"
    case linkGigabytesPerSecond = "link_gbps"
  }
}

extension CacheDescription {
  enum CodingKeys: String, CodingKey {
    case name, ways, policy, inclusion, prefetcher
    case sizeBytes = "size"
    case lineBytes = "line"
    case sharedByCores = "shared_by"
    case latencyCycles = "latency_cycles"
    case bytesPerCycle = "bytes_per_cycle"
    case writeBytesPerCycle = "write_bytes_per_cycle"
    case randomRows = "random_rows"
    case randomRowPieces = "random_row_pieces"
  }
}

extension MemoryDescription {
  enum CodingKeys: String, CodingKey {
    case name, channels, curve
    case transferMegatransfers = "transfer_mts"
    case channelBytes = "channel_bytes"
    case peakGigabytesPerSecond = "peak_gbps"
    case idleLatencyNanoseconds = "idle_latency_ns"
    case linesInFlightPerCore = "lines_in_flight_per_core"
    case randomLinesInFlightPerCore = "random_lines_in_flight_per_core"
    case writeGigabytesPerSecondPerCore = "write_gbps_per_core"
    case streamStoreGigabytesPerSecondPerCore = "stream_store_gbps_per_core"
    case randomRows = "random_rows"
    case randomRowPieces = "random_row_pieces"
  }
}

extension LoadedLatencyCurve {
  enum CodingKeys: String, CodingKey {
    case points
    case readRatio = "read_ratio"
  }
}

extension LoadedLatencyCurve.Point: Encodable {
  /// A pair [GB/s, ns], as in the file.
  public func encode(to encoder: Encoder) throws {
    var pair = encoder.unkeyedContainer()
    try pair.encode(gigabytesPerSecond)
    try pair.encode(nanoseconds)
  }
}

extension RandomRowRate: Encodable {
  /// A pair [bytes, rate], as in the file.
  public func encode(to encoder: Encoder) throws {
    var pair = encoder.unkeyedContainer()
    try pair.encode(rowBytes)
    try pair.encode(rate)
  }
}
