import Support

/// All that is wrong with a machine file, each problem with its key, where reading the file stops at the first.
public struct MachineCheck {
  /// Nil where the file is no machine.
  public let machine: Machine?
  /// In the order of the file's sections; empty where nothing is wrong.
  public let problems: [InputError]

  /// Throws `InputError` only where there is no YAML mapping to check.
  public init(contentsOf path: String) throws {
    try self.init(YAMLValue(contentsOf: path))
  }

  public init(text: String, file: String) throws {
    try self.init(YAMLValue(text: text, file: file))
  }

  private init(_ root: YAMLValue) throws {
    let donors = DonorMachines(besides: root.file)
    var problems: [InputError] = []
    func attempt(_ body: () throws -> Void) throws {
      do { try body() } catch let problem as InputError { problems.append(problem) }
    }
    // Section by section, so that a bad cache does not hide a bad memory.
    let object = try root.object()
    try attempt { _ = try root.object(keys: Machine.keys) }
    try attempt { _ = try object["cores"]?.int(in: 1...4096) }
    try attempt { _ = try object["frequency_ghz"]?.double(in: 0.1...10) }
    try attempt { _ = try object["simd"].map(VectorUnits.init) }
    try attempt { _ = try object["numa"].map(NUMADescription.init) }
    try attempt {
      for (index, value) in try (object["caches"]?.list() ?? []).enumerated() where object["based_on"] == nil {
        try attempt { _ = try CacheDescription(value, level: index + 1) }
      }
    }
    try attempt {
      for value in try object["memory"]?.list() ?? [] {
        try attempt { _ = try MemoryDescription(value, donors: donors) }
      }
    }
    // What only shows between sections, or where a donor is needed.
    if problems.isEmpty {
      var whole: Machine?
      try attempt { whole = try Machine(root, donors: donors) }
      machine = whole
      problems += (whole?.inconsistencies ?? []).map { InputError(file: root.file, key: $0.key, $0.message) }
    } else {
      machine = nil
    }
    self.problems = problems
  }
}

extension Machine {
  /// What cannot all be true, and provenance that names nothing.
  var inconsistencies: [(key: String, message: String)] {
    var found = contradictions
    let paths = figurePaths
    for key in provenance.keys.sorted() where !paths.contains(where: { $0 == key || $0.isInside(key) }) {
      found.append(("provenance.\(key)", "expected the path of a figure of this file, such as caches[0].size"))
    }
    return found
  }

  /// Figures that each could be true but not together.
  var contradictions: [(key: String, message: String)] {
    var found: [(key: String, message: String)] = []
    for level in caches.indices.dropFirst() {
      let (above, cache) = (caches[level - 1], caches[level])
      if cache.sizeBytes <= above.sizeBytes {
        found.append(
          (
            "caches[\(level)].size",
            "expected more than the \(formatByteCount(above.sizeBytes)) of \(above.name), found "
              + formatByteCount(cache.sizeBytes)
          ))
      }
      if let near = above.latencyCycles, let far = cache.latencyCycles, far <= near {
        found.append(
          ("caches[\(level)].latency_cycles", "expected more than the \(near) cycles of \(above.name), found \(far)"))
      }
      if let near = above.bytesPerCycle, let far = cache.bytesPerCycle, far > near {
        found.append(
          (
            "caches[\(level)].bytes_per_cycle",
            "expected at most the \(near) bytes per cycle of \(above.name), found \(far)"
          ))
      }
    }
    for (level, cache) in caches.enumerated() {
      if let stream = cache.bytesPerCycle, let rows = cache.randomRows.last?.rate, rows > stream * 1.1 {
        // A tenth for the noise of two measurements.
        found.append(
          ("caches[\(level)].random_rows", "expected at most the \(stream) bytes per cycle of a stream, found \(rows)"))
      }
    }
    for (index, memory) in memory.enumerated() {
      if let cycles = caches.last?.latencyCycles, let frequencyGHz,
        memory.idleLatencyNanoseconds <= cycles / frequencyGHz
      {
        found.append(
          (
            "memory[\(index)].idle_latency_ns",
            "expected more than the \(cycles / frequencyGHz) ns of the last cache, found "
              + "\(memory.idleLatencyNanoseconds)"
          ))
      }
      for (number, curve) in memory.curve.enumerated() {
        // 3 %: what the curves themselves are held to.
        guard let first = curve.points.first, first.nanoseconds < 0.97 * memory.idleLatencyNanoseconds else { continue }
        found.append(
          (
            "memory[\(index)].curve[\(number)]",
            "expected at least the idle latency of \(memory.idleLatencyNanoseconds) ns, found \(first.nanoseconds)"
          ))
      }
    }
    if let effectiveCores, let cores, effectiveCores > Double(cores) {
      found.append(("effective_cores", "expected at most the \(cores) cores, found \(effectiveCores)"))
    }
    if let remote = numa?.remoteLatencyNanoseconds, let local = memory.first?.idleLatencyNanoseconds, remote < local {
      found.append(
        ("numa.remote_latency_ns", "expected at least the \(local) ns of the memory that is near, found \(remote)"))
    }
    return found
  }

  /// The key path of every figure that the machine states.
  var figurePaths: [String] {
    var paths = ["transfers_overlap"]
    if overlap != nil { paths.append("overlap") }
    if cores != nil { paths.append("cores") }
    if effectiveCores != nil { paths.append("effective_cores") }
    if frequencyGHz != nil { paths.append("frequency_ghz") }
    if let simd {
      paths += ["isa", "width_bits", "fma_units"].map { "simd.\($0)" }
      if simd.bf16PerCycle != nil { paths.append("simd.bf16_per_cycle") }
      if simd.int8PerCycle != nil { paths.append("simd.int8_per_cycle") }
      if simd.productShare != nil { paths.append("simd.product_share") }
      if simd.latencyCycles != nil { paths.append("simd.latency_cycles") }
      if simd.window != nil { paths.append("simd.window") }
      if simd.issueWidth != nil { paths.append("simd.issue_width") }
    }
    for (level, cache) in caches.enumerated() {
      var keys = ["size", "ways", "line", "shared_by", "policy", "inclusion", "write_policy"]
      if cache.latencyCycles != nil { keys.append("latency_cycles") }
      if cache.bytesPerCycle != nil { keys.append("bytes_per_cycle") }
      if cache.writeBytesPerCycle != nil { keys.append("write_bytes_per_cycle") }
      if !cache.randomRows.isEmpty { keys.append("random_rows") }
      if !cache.randomRowPieces.isEmpty { keys.append("random_row_pieces") }
      paths += keys.map { "caches[\(level)].\($0)" }
    }
    for (index, memory) in memory.enumerated() {
      var keys = ["peak_gbps", "idle_latency_ns", "lines_in_flight_per_core"]
      if memory.channels != nil { keys.append("channels") }
      if memory.transferMegatransfers != nil { keys.append("transfer_mts") }
      if memory.randomLinesInFlightPerCore != nil { keys.append("random_lines_in_flight_per_core") }
      if memory.writeGigabytesPerSecondPerCore != nil { keys.append("write_gbps_per_core") }
      if memory.streamStoreGigabytesPerSecondPerCore != nil { keys.append("stream_store_gbps_per_core") }
      if !memory.curve.isEmpty { keys.append("curve") }
      if !memory.randomRows.isEmpty { keys.append("random_rows") }
      if !memory.randomRowPieces.isEmpty { keys.append("random_row_pieces") }
      paths += keys.map { "memory[\(index)].\($0)" }
    }
    if let numa {
      paths.append("numa.nodes")
      if numa.remoteLatencyNanoseconds != nil { paths.append("numa.remote_latency_ns") }
      if numa.linkGigabytesPerSecond != nil { paths.append("numa.link_gbps") }
    }
    return paths
  }
}

extension String {
  /// Whether this key path lies below `enclosing`: `caches[0].size` inside `caches` and `caches[0]`.
  fileprivate func isInside(_ enclosing: String) -> Bool {
    guard hasPrefix(enclosing), count > enclosing.count else { return false }
    let next = self[index(startIndex, offsetBy: enclosing.count)]
    return next == "." || next == "["
  }
}
