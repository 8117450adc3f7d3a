import Support

extension Machine {
  /// Reads a machine file. Throws `InputError` with file, line and key for anything that is not as docs/MODEL.md says.
  public init(contentsOf path: String) throws {
    try self.init(YAMLValue(contentsOf: path), donors: DonorMachines(besides: path))
  }

  /// Reads a machine file's text; `file` is used in messages, and its folder searched for donors.
  public init(text: String, file: String) throws {
    try self.init(YAMLValue(text: text, file: file), donors: DonorMachines(besides: file))
  }

  static let keys = [
    "schema", "name", "description", "status", "based_on", "sources", "cores", "effective_cores", "frequency_ghz",
    "simd", "caches", "tlb", "transfers_overlap", "overlap", "memory", "numa", "provenance",
  ]

  /// With `based_on`, what the file does not say is the donor's: caches by name and key, everything else as a whole.
  init(_ root: YAMLValue, donors: DonorMachines) throws {
    let object = try root.object(keys: Machine.keys)
    if let schema = object["schema"], try schema.string() != Machine.schema {
      throw schema.error("expected \(Machine.schema), found \(quote(try schema.string()))")
    }
    let base = try object["based_on"].map(donors.machine)
    let cores = try object["cores"]?.int(in: 1...4096) ?? base?.cores
    var provenance = base?.provenance ?? [:]
    // A new list of memories has nothing to do with the old one's sources.
    if object["memory"] != nil { provenance = provenance.filter { !$0.key.hasPrefix("memory") } }
    provenance.merge(try object["provenance"].map(decodeProvenance) ?? [:]) { $1 }
    self.init(
      name: try object["name"]?.name() ?? singleLine(fileStem(root.file)),
      description: try object["description"]?.string() ?? "",
      status: try object["status"]?.choice() ?? base?.status ?? .current,
      sources: try object["sources"].map(decodeSources) ?? base?.sources ?? [],
      cores: cores,
      effectiveCores: try object["effective_cores"]?.double(in: 1...4096) ?? base?.effectiveCores(of: cores),
      frequencyGHz: try object["frequency_ghz"]?.double(in: 0.1...10) ?? base?.frequencyGHz,
      simd: try object["simd"].map(VectorUnits.init) ?? base?.simd,
      caches: try decodeCaches(object, base: base?.caches, cores: cores),
      tlb: try object["tlb"]?.list().enumerated().map { try TLBDescription($1, level: $0 + 1) } ?? base?.tlb ?? [],
      transfersOverlap: try object["transfers_overlap"]?.bool() ?? base?.transfersOverlap,
      overlap: try object["overlap"]?.double(in: 0...1) ?? base?.overlap,
      memory: try object["memory"]?.list().map { try MemoryDescription($0, donors: donors) } ?? base?.memory ?? [],
      numa: try object["numa"].map(NUMADescription.init) ?? base?.numa,
      provenance: provenance)
  }
}

private func fileStem(_ path: String) -> String {
  let file = path.split(separator: "/").last ?? ""
  return String(file.split(separator: ".").first ?? file)
}

private func decodeSources(_ value: YAMLValue) throws -> [String] {
  value.isList ? try value.list().map { try $0.string() } : [try value.string()]
}

extension VectorUnits {
  init(_ value: YAMLValue) throws {
    let object = try value.object(keys: [
      "isa", "width_bits", "fma_units", "bf16_per_cycle", "int8_per_cycle", "product_share", "latency_cycles",
      "window", "issue_width",
    ])
    let width = try object.required("width_bits")
    self.init(
      isa: try object.required("isa").string(), widthBits: try width.int(in: 32...2048),
      fmaUnits: try object.required("fma_units").int(in: 1...16),
      // 65,536: far beyond the 1,024 of today's matrix units. Below 1 is what unoptimised builds measure on busy machines.
      bf16PerCycle: try object["bf16_per_cycle"]?.double(in: 0.001...65_536),
      int8PerCycle: try object["int8_per_cycle"]?.double(in: 0.001...65_536),
      productShare: try object["product_share"]?.double(in: 0.05...1),
      latencyCycles: try object["latency_cycles"]?.double(in: 0.5...100),
      window: try object["window"]?.double(in: 1...10_000),
      issueWidth: try object["issue_width"]?.double(in: 0.1...64))
    guard widthBits % 32 == 0 else { throw width.error("expected a multiple of 32 bits, found \(widthBits)") }
  }
}

extension NUMADescription {
  init(_ value: YAMLValue) throws {
    let object = try value.object(keys: ["nodes", "remote_latency_ns", "link_gbps"])
    self.init(
      nodes: try object.required("nodes").int(in: 1...1024),
      remoteLatencyNanoseconds: try object["remote_latency_ns"]?.double(in: 1...100_000),
      linkGigabytesPerSecond: try object["link_gbps"]?.double(in: 0.1...100_000))
  }
}

private func decodeProvenance(_ value: YAMLValue) throws -> [String: Provenance] {
  var provenance: [String: Provenance] = [:]
  for (key, entry) in try value.object().entries {
    let object = try entry.object(keys: ["tag", "source"])
    provenance[key] = Provenance(
      tag: try object.required("tag").choice(), source: try object.required("source").string())
  }
  return provenance
}

// MARK: - Caches

private func decodeCaches(
  _ machine: YAMLObject, base: [CacheDescription]?, cores: Int?
) throws -> [CacheDescription] {
  guard let base else {
    let value = try machine.required("caches")
    let values = try value.list()
    guard !values.isEmpty else { throw value.error("expected at least one cache level, found none") }
    return try check(values.enumerated().map { (try CacheDescription($1, level: $0 + 1), $1) }, cores: cores)
  }
  guard let list = machine["caches"] else {
    // The donor's caches have been checked against each other, but not against this machine's cores.
    return try check(base.map { ($0, machine["cores"] ?? machine["based_on"]) }, cores: cores)
  }
  let overrides = try list.list()
  for value in overrides {
    let name = try value.object().required("name")
    guard base.contains(where: { (try? name.string()) == $0.name }) else {
      let known = base.map(\.name).joined(separator: ", ")
      throw name.error("expected a cache of the donor (\(known)), found \(quote(try name.string()))")
    }
  }
  return try check(
    base.enumerated().map { index, cache in
      guard let own = try overrides.first(where: { try $0.object().required("name").string() == cache.name }) else {
        return (cache, list)
      }
      return (try CacheDescription(own, level: index + 1, base: cache), own)
    }, cores: cores)
}

/// The rules among the levels; each comes with the value that a complaint about it points at.
private func check(_ levels: [(CacheDescription, YAMLValue?)], cores: Int?) throws -> [CacheDescription] {
  var caches: [CacheDescription] = []
  for (cache, value) in levels {
    func complain(_ key: String, _ message: String) -> InputError {
      guard let value else { return InputError(key: key, message) }
      return ((try? value.object())?[key] ?? value).error(message)
    }
    if let cores, cache.sharedByCores > cores {
      throw complain("shared_by", "expected at most the \(cores) cores of the machine, found \(cache.sharedByCores)")
    }
    if let above = caches.last { try check(cache, against: above, complain) }
    if caches.isEmpty, cache.inclusion == .victim {
      throw complain("inclusion", "expected nine for the first level: no level above fills it")
    }
    if caches.contains(where: { $0.name == cache.name }) {
      throw value?.error("expected each cache name once, found \(quote(cache.name)) twice")
        ?? complain("name", "expected each cache name once")
    }
    caches.append(cache)
  }
  return caches
}

/// The rules between a level and the one nearer to the core.
private func check(
  _ cache: CacheDescription, against above: CacheDescription, _ complain: (String, String) -> InputError
) throws {
  // Capacity within one core's reach, not capacity / cores: the L3 of a Xeon 8480+ has less per core than its L2.
  guard cache.sizeBytes >= above.sizeBytes else {
    throw complain(
      "size",
      "expected at least the \(formatByteCount(above.sizeBytes)) of \(above.name): levels go from the core outwards; "
        + "found \(formatByteCount(cache.sizeBytes))")
  }
  guard cache.lineBytes == above.lineBytes else {
    throw complain("line", "expected lines of \(above.lineBytes) bytes as in \(above.name), found \(cache.lineBytes)")
  }
  guard cache.sharedByCores % above.sharedByCores == 0 else {
    throw complain(
      "shared_by",
      "expected shared_by to be a multiple of the \(above.sharedByCores) of \(above.name), found \(cache.sharedByCores)"
    )
  }
}

extension CacheDescription {
  static let keys = [
    "name", "size", "ways", "line", "shared_by", "latency_cycles", "bytes_per_cycle", "write_bytes_per_cycle",
    "random_rows", "random_row_pieces", "policy", "inclusion", "write_policy", "prefetcher",
  ]

  /// What `value` does not say is `base`'s, where there is one.
  init(_ value: YAMLValue, level: Int, base: CacheDescription? = nil) throws {
    let object = try value.object(keys: CacheDescription.keys)
    let bytesPerCycle = try object["bytes_per_cycle"]?.double(in: 0.1...10_000)
    self.init(
      name: try object["name"]?.name() ?? base?.name ?? "L\(level)",
      sizeBytes: try object["size"]?.byteCount() ?? base?.sizeBytes ?? object.required("size").byteCount(),
      ways: try object["ways"]?.int(in: 1...65_536) ?? base?.ways ?? object.required("ways").int(),
      lineBytes: try object["line"]?.byteCount() ?? base?.lineBytes ?? 64,
      sharedByCores: try object["shared_by"]?.int(in: 1...4096) ?? base?.sharedByCores ?? 1,
      latencyCycles: try object["latency_cycles"]?.double(in: 1...10_000) ?? base?.latencyCycles,
      bytesPerCycle: bytesPerCycle ?? base?.bytesPerCycle,
      writeBytesPerCycle: try object["write_bytes_per_cycle"]?.double(in: 0.1...10_000) ?? base?.writeBytesPerCycle,
      // Another bandwidth makes the donor's rates at random meaningless.
      randomRows: try object["random_rows"].map(decodeRandomRows)
        ?? (bytesPerCycle == nil ? base?.randomRows : nil) ?? [],
      randomRowPieces: try object["random_row_pieces"].map(decodeRandomRows)
        ?? (bytesPerCycle == nil ? base?.randomRowPieces : nil) ?? [],
      policy: try object["policy"]?.choice() ?? base?.policy ?? .lru,
      inclusion: try object["inclusion"]?.choice() ?? base?.inclusion ?? .nine,
      prefetcher: try object["prefetcher"].map(PrefetcherDescription.init) ?? base?.prefetcher)
    guard (8...4096).contains(lineBytes), lineBytes.nonzeroBitCount == 1 else {
      throw (object["line"] ?? value).error("expected a power of two of 8 to 4096 bytes, found \(lineBytes)")
    }
    // 1 TiB: no cache is larger, and the simulator's tags for it would not fit either.
    guard sizeBytes > 0, sizeBytes <= 1 << 40, sizeBytes % (ways * lineBytes) == 0 else {
      throw (object["size"] ?? value).error(
        "expected a multiple of \(ways) ways x \(lineBytes) bytes = \(ways * lineBytes), found \(sizeBytes) bytes")
    }
    if policy == .plru, ways > ReplacementKind.mostPseudoLRUWays {
      throw (object["policy"] ?? value).error(
        "expected at most \(ReplacementKind.mostPseudoLRUWays) ways with plru, found \(ways)")
    }
    if let writePolicy = object["write_policy"] { try checkWritePolicy(writePolicy) }
  }
}

extension PrefetcherDescription {
  init(_ value: YAMLValue) throws {
    let object = try value.object(keys: ["kind", "degree", "latency_accesses"])
    self.init(
      kind: try object.required("kind").choice(), degree: try object["degree"]?.int(in: 1...64) ?? 1,
      latencyAccesses: try object["latency_accesses"]?.int(in: 0...1_000_000) ?? 0)
  }
}

extension TLBDescription {
  init(_ value: YAMLValue, level: Int) throws {
    let object = try value.object(keys: ["name", "entries", "ways", "pages"])
    let entries = try object.required("entries")
    let ways = try object.required("ways")
    self.init(
      name: try object["name"]?.name() ?? "TLB\(level)", entries: try entries.int(in: 1...1_000_000),
      ways: try ways.int(in: 1...65_536),
      pageBytes: try object.required("pages").list().map { page in
        let bytes = try page.byteCount()
        guard (4096...1 << 40).contains(bytes), bytes.nonzeroBitCount == 1 else {
          throw page.error("expected a page size, a power of two of at least 4KiB, found \(bytes) bytes")
        }
        return bytes
      })
    guard self.entries % self.ways == 0 else {
      throw entries.error("expected a multiple of \(self.ways) ways, found \(self.entries) entries")
    }
  }
}

/// Pairs [row bytes, rate], rising in both: a longer row never reads slower.
private func decodeRandomRows(_ value: YAMLValue) throws -> [RandomRowRate] {
  let rows = try value.list().map { value in
    let pair = try value.list()
    guard pair.count == 2 else { throw value.error("expected a pair [bytes, rate], found \(pair.count) values") }
    return RandomRowRate(rowBytes: try pair[0].int(in: 1...1 << 30), rate: try pair[1].double(in: 0.001...1_000_000))
  }
  for (row, next) in zip(rows, rows.dropFirst()) where row.rowBytes >= next.rowBytes || row.rate > next.rate {
    throw value.error(
      "expected rising row sizes and rates that do not fall, found [\(row.rowBytes), \(row.rate)] before "
        + "[\(next.rowBytes), \(next.rate)]")
  }
  return rows
}

/// Every level is write-back with write-allocate, as in every CPU of the catalogue; the key says so for readers.
private func checkWritePolicy(_ value: YAMLValue) throws {
  let text = try value.string()
  // People spell it with spaces, hyphens, underscores or a slash; all of them mean the same one policy.
  let plain = text.lowercased().filter { $0.isLetter }
  guard ["writeback", "writebackwriteallocate", "writebackallocate", "wb", "wbwa"].contains(plain) else {
    throw value.error("expected write-back (with write-allocate, the only policy modelled), found \(quote(text))")
  }
}

// MARK: - Memory

extension MemoryDescription {
  static let keys = [
    "name", "channels", "transfer_mts", "channel_bytes", "peak_gbps", "idle_latency_ns", "curve", "curve_from",
    "lines_in_flight_per_core", "random_lines_in_flight_per_core", "write_gbps_per_core", "stream_store_gbps_per_core",
    "random_rows", "random_row_pieces",
  ]

  init(_ value: YAMLValue, donors: DonorMachines) throws {
    let object = try value.object(keys: MemoryDescription.keys)
    let peak = try object.required("peak_gbps")
    self.init(
      name: try object.required("name").name(),
      channels: try object["channels"]?.int(in: 1...4096),
      transferMegatransfers: try object["transfer_mts"]?.double(in: 1...1_000_000),
      channelBytes: try object["channel_bytes"]?.int(in: 1...1024) ?? MemoryDescription.ddrChannelBytes,
      peakGigabytesPerSecond: try peak.double(in: 0.1...1_000_000),
      idleLatencyNanoseconds: try object.required("idle_latency_ns").double(in: 1...100_000),
      curve: try object["curve"]?.list().map(LoadedLatencyCurve.init) ?? [],
      linesInFlightPerCore: try object.required("lines_in_flight_per_core").double(in: 1...100_000),
      randomLinesInFlightPerCore: try object["random_lines_in_flight_per_core"]?.double(in: 1...100_000),
      writeGigabytesPerSecondPerCore: try object["write_gbps_per_core"]?.double(in: 0.001...1_000_000),
      streamStoreGigabytesPerSecondPerCore: try object["stream_store_gbps_per_core"]?.double(in: 0.001...1_000_000),
      randomRows: try object["random_rows"].map(decodeRandomRows) ?? [],
      randomRowPieces: try object["random_row_pieces"].map(decodeRandomRows) ?? [])
    if let pieces = object["random_row_pieces"], randomRows.isEmpty {
      throw pieces.error("expected random_rows beside it, found none")
    }
    if let donor = object["curve_from"] {
      guard curve.isEmpty else { throw donor.error("expected either curve or curve_from, found both") }
      curve = curves(of: try donors.memory(donor))
    }
    try checkPeak(at: peak)
    try checkCurves(at: value)
  }

  private func checkPeak(at value: YAMLValue) throws {
    guard let channels, let transferMegatransfers else { return }
    let pins = Double(channels) * transferMegatransfers * Double(channelBytes) / 1000
    // 1 %: vendors round (614 for 614.4 GB/s); a wrong channel count or data rate is off by far more.
    guard abs(pins - peakGigabytesPerSecond) <= 0.01 * pins else {
      throw value.error(
        "expected channels x transfer_mts x \(channelBytes) bytes = \(pins) GB/s within 1 %, "
          + "found \(peakGigabytesPerSecond)")
    }
  }

  private func checkCurves(at value: YAMLValue) throws {
    let ratios = curve.map(\.readRatio)
    guard Set(ratios).count == ratios.count else {
      throw value.error("expected one curve for each read_ratio, found \(ratios)")
    }
    for curve in curve where (curve.points.last?.gigabytesPerSecond ?? 0) > 1.01 * peakGigabytesPerSecond {
      throw value.error("expected a curve below the peak of \(peakGigabytesPerSecond) GB/s, found more")
    }
  }
}

extension LoadedLatencyCurve {
  init(_ value: YAMLValue) throws {
    let object = try value.object(keys: ["read_ratio", "points"])
    let points = try object.required("points")
    self.init(
      readRatio: try object.required("read_ratio").double(in: 0...1),
      points: try points.list().map { value in
        let pair = try value.list()
        guard pair.count == 2 else { throw value.error("expected a pair [GB/s, ns], found \(pair.count) values") }
        return Point(
          gigabytesPerSecond: try pair[0].double(in: 0...1_000_000), nanoseconds: try pair[1].double(in: 1...100_000))
      })
    guard self.points.count >= 2 else { throw points.error("expected at least two points, found \(self.points.count)") }
    for (point, next) in zip(self.points, self.points.dropFirst()) {
      guard point.gigabytesPerSecond < next.gigabytesPerSecond, point.nanoseconds <= next.nanoseconds else {
        throw points.error(
          "expected rising GB/s and latencies that do not fall, found [\(point.gigabytesPerSecond), "
            + "\(point.nanoseconds)] before [\(next.gigabytesPerSecond), \(next.nanoseconds)]")
      }
    }
  }
}
