import InputFiles

extension Machine {
  /// Reads a machine file. Throws `InputError` with file, line and key for anything that is not as docs/MODEL.md says.
  public init(contentsOf path: String) throws {
    try self.init(YAMLValue(contentsOf: path))
  }

  /// Reads a machine file's text; `file` is only used in messages.
  public init(text: String, file: String) throws {
    try self.init(YAMLValue(text: text, file: file))
  }

  init(_ root: YAMLValue) throws {
    let object = try root.object(keys: [
      "schema", "name", "description", "sources", "cores", "frequency_ghz", "simd", "caches", "transfers_overlap",
      "memory", "numa", "provenance",
    ])
    if let schema = object["schema"], try schema.string() != Machine.schema {
      throw schema.error("expected \(Machine.schema), found '\(try schema.string())'")
    }
    let cores = try object["cores"]?.int(in: 1...4096)
    self.init(
      name: try object["name"]?.string() ?? fileStem(root.file),
      description: try object["description"]?.string() ?? "",
      sources: try object["sources"].map(decodeSources) ?? [],
      cores: cores,
      frequencyGHz: try object["frequency_ghz"]?.double(in: 0.1...10),
      simd: try object["simd"].map(VectorUnits.init),
      caches: try decodeCaches(object.required("caches"), cores: cores),
      transfersOverlap: try object["transfers_overlap"]?.bool(),
      memory: try object["memory"]?.list().map(MemoryDescription.init) ?? [],
      numa: try object["numa"].map(NUMADescription.init),
      provenance: try object["provenance"].map(decodeProvenance) ?? [:])
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
    let object = try value.object(keys: ["isa", "width_bits", "fma_units", "bf16_per_cycle", "int8_per_cycle"])
    let width = try object.required("width_bits")
    self.init(
      isa: try object.required("isa").string(), widthBits: try width.int(in: 32...2048),
      fmaUnits: try object.required("fma_units").int(in: 1...16),
      // 65,536: sixteen times the largest matrix unit of today's cores.
      bf16PerCycle: try object["bf16_per_cycle"]?.double(in: 1...65_536),
      int8PerCycle: try object["int8_per_cycle"]?.double(in: 1...65_536))
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

private func decodeCaches(_ value: YAMLValue, cores: Int?) throws -> [CacheDescription] {
  let values = try value.list()
  guard !values.isEmpty else { throw value.error("expected at least one cache level, found none") }
  var caches: [CacheDescription] = []
  for (index, value) in values.enumerated() {
    let cache = try CacheDescription(value, level: index + 1)
    if let cores, cache.sharedByCores > cores {
      throw try value.object().required("shared_by").error(
        "expected at most the \(cores) cores of the machine, found \(cache.sharedByCores)")
    }
    if let above = caches.last { try check(cache, against: above, at: value) }
    if index == 0, cache.inclusion == .victim {
      throw try value.object().required("inclusion").error("expected nine for the first level: no level above fills it")
    }
    if caches.contains(where: { $0.name == cache.name }) {
      throw value.error("expected each cache name once, found '\(cache.name)' twice")
    }
    caches.append(cache)
  }
  return caches
}

/// The rules between a level and the one nearer to the core.
private func check(_ cache: CacheDescription, against above: CacheDescription, at value: YAMLValue) throws {
  // Capacity within one core's reach, not capacity / cores: the L3 of a Xeon 8480+ has less per core than its L2.
  guard cache.sizeBytes >= above.sizeBytes else {
    throw try value.object().required("size").error(
      "expected at least the \(formatByteCount(above.sizeBytes)) of \(above.name): levels go from the core outwards; "
        + "found \(formatByteCount(cache.sizeBytes))")
  }
  guard cache.lineBytes == above.lineBytes else {
    throw value.error("expected lines of \(above.lineBytes) bytes as in \(above.name), found \(cache.lineBytes)")
  }
  guard cache.sharedByCores % above.sharedByCores == 0 else {
    throw value.error(
      "expected shared_by to be a multiple of the \(above.sharedByCores) of \(above.name), found \(cache.sharedByCores)"
    )
  }
}

extension CacheDescription {
  init(_ value: YAMLValue, level: Int) throws {
    let object = try value.object(keys: [
      "name", "size", "ways", "line", "shared_by", "latency_cycles", "bytes_per_cycle", "policy", "inclusion",
      "write_policy",
    ])
    let size = try object.required("size")
    self.init(
      name: try object["name"]?.string() ?? "L\(level)",
      sizeBytes: try size.byteCount(),
      ways: try object.required("ways").int(in: 1...65_536),
      lineBytes: try object["line"]?.byteCount() ?? 64,
      sharedByCores: try object["shared_by"]?.int(in: 1...4096) ?? 1,
      latencyCycles: try object["latency_cycles"]?.double(in: 1...10_000),
      bytesPerCycle: try object["bytes_per_cycle"]?.double(in: 0.1...10_000),
      policy: try object["policy"]?.choice() ?? .lru,
      inclusion: try object["inclusion"]?.choice() ?? .nine)
    guard (8...4096).contains(lineBytes), lineBytes.nonzeroBitCount == 1 else {
      throw try object.required("line").error("expected a power of two of 8 to 4096 bytes, found \(lineBytes)")
    }
    // 1 TiB: no cache is larger, and the simulator's tags for it would not fit either.
    guard sizeBytes > 0, sizeBytes <= 1 << 40, sizeBytes % (ways * lineBytes) == 0 else {
      throw size.error(
        "expected a multiple of \(ways) ways x \(lineBytes) bytes = \(ways * lineBytes), found \(sizeBytes) bytes")
    }
    if policy == .plru, ways > PseudoLRUPolicy.mostWays {
      throw try object.required("policy").error(
        "expected at most \(PseudoLRUPolicy.mostWays) ways with plru, found \(ways)")
    }
    if let writePolicy = object["write_policy"] { try checkWritePolicy(writePolicy) }
  }
}

/// Every level is write-back with write-allocate, as in every CPU of the catalogue; the key says so for readers.
private func checkWritePolicy(_ value: YAMLValue) throws {
  let text = try value.string()
  // People spell it with spaces, hyphens, underscores or a slash; all of them mean the same one policy.
  let plain = text.lowercased().filter { $0.isLetter }
  guard ["writeback", "writebackwriteallocate", "writebackallocate", "wb", "wbwa"].contains(plain) else {
    throw value.error("expected write-back (with write-allocate, the only policy modelled), found '\(text)'")
  }
}

// MARK: - Memory

extension MemoryDescription {
  init(_ value: YAMLValue) throws {
    let object = try value.object(keys: [
      "name", "channels", "transfer_mts", "channel_bytes", "peak_gbps", "idle_latency_ns", "curve",
      "lines_in_flight_per_core",
    ])
    let peak = try object.required("peak_gbps")
    self.init(
      name: try object.required("name").string(),
      channels: try object["channels"]?.int(in: 1...4096),
      transferMegatransfers: try object["transfer_mts"]?.double(in: 1...1_000_000),
      channelBytes: try object["channel_bytes"]?.int(in: 1...1024) ?? MemoryDescription.ddrChannelBytes,
      peakGigabytesPerSecond: try peak.double(in: 0.1...1_000_000),
      idleLatencyNanoseconds: try object.required("idle_latency_ns").double(in: 1...100_000),
      curve: try object["curve"]?.list().map(LoadedLatencyCurve.init) ?? [],
      linesInFlightPerCore: try object.required("lines_in_flight_per_core").double(in: 1...100_000))
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
