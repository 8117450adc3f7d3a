import Support

/// Reads a machine file by the tables of its parts and collects every problem after which reading can go on.
final class MachineReader {
  let donors: DonorMachines
  /// The problems in the order of the file's sections.
  private(set) var problems: [InputError] = []
  private var isDonorUnknown = false

  init(donors: DonorMachines) {
    self.donors = donors
  }

  /// Records the input errors that `body` throws.
  func attempt(_ body: () throws -> Void) throws {
    do { try body() } catch let problem as InputError { problems.append(problem) }
  }

  /// Whether one of `paths` has a problem already, so that nothing more should be concluded from it.
  func hasProblem(_ paths: [String]) -> Bool {
    paths.contains { path in
      problems.contains { problem in
        guard let key = problem.key else { return false }
        return key == path || key.isInside(path) || path.isInside(key)
      }
    }
  }

  /// Reads every key of the mapping `value`. Keys that the mapping lacks keep the values of `part`.
  ///
  /// With `isChange`, the part has another machine's values, so no key is required.
  func read<Part: MachinePart>(_ value: YAMLValue, into part: inout Part, isChange: Bool = false) throws {
    guard let object = try mapping(value, keys: Part.fields.map(\.key)) else { return }
    for field in Part.fields {
      guard let value = object[field.key] else {
        if field.isRequired, !isChange { try attempt { _ = try object.required(field.key) } }
        continue
      }
      try attempt { try field.read(value, &part, self) }
    }
  }

  /// Records a problem and returns nil where the value is no mapping. Each unknown key is a problem of its own.
  private func mapping(_ value: YAMLValue, keys: [String]) throws -> YAMLObject? {
    var object: YAMLObject?
    try attempt { object = try value.object() }
    problems += object?.unknownKeys(known: keys) ?? []
    return object
  }

  // MARK: - The machine

  /// The machine that the file describes, as far as it could be read. It is complete only where `problems` is empty
  /// afterwards.
  ///
  /// With `based_on`, the donor supplies what the file leaves out: caches by name and key, everything else as a
  /// whole. Throws `InputError` only where there is no mapping to read.
  func machine(_ root: YAMLValue) throws -> Machine {
    let object = try root.object()
    var base: Machine?
    try attempt { base = try object["based_on"].map(donors.machine) }
    var machine = base ?? Machine(name: "", caches: [])
    machine.name = singleLine(fileStem(root.file))
    machine.description = ""
    isDonorUnknown = object["based_on"] != nil && base == nil
    try read(root, into: &machine, isChange: object["based_on"] != nil)
    try checkCaches(of: machine, object)
    return machine
  }

  // MARK: - Its parts

  /// New levels where `levels` is empty, else `levels` with the changes that `value` lists by name.
  func caches(_ value: YAMLValue, changing levels: [CacheDescription], cores: Int?) throws -> [CacheDescription] {
    // Without its donor, a list of changes cannot be checked.
    if isDonorUnknown { return [] }
    var caches = levels
    let items = try value.list()
    guard !items.isEmpty || !levels.isEmpty else {
      throw value.error("expected at least one cache level, found none")
    }
    for (index, item) in items.enumerated() {
      try attempt {
        if levels.isEmpty {
          caches.append(CacheDescription(name: "L\(index + 1)", sizeBytes: 0, ways: 0))
          try readCache(item, into: &caches[index], isChange: false)
        } else {
          let level = try changedLevel(item, of: levels)
          try readCache(item, into: &caches[level], isChange: true)
        }
      }
    }
    return caches
  }

  private func changedLevel(_ item: YAMLValue, of levels: [CacheDescription]) throws -> Int {
    let name = try item.object().required("name")
    let wanted = try name.string()
    guard let level = levels.firstIndex(where: { $0.name == wanted }) else {
      let known = levels.map(\.name).joined(separator: ", ")
      throw name.error("expected a cache of the donor (\(known)), found \(quote(wanted))")
    }
    return level
  }

  private func readCache(_ value: YAMLValue, into cache: inout CacheDescription, isChange: Bool) throws {
    try read(value, into: &cache, isChange: isChange)
    guard value.isObject else { return }
    let object = try value.object()
    func hasProblem(_ keys: String...) -> Bool { self.hasProblem(keys.map { "\(value.path).\($0)" }) }
    if !hasProblem("line") {
      try attempt {
        guard (8...4096).contains(cache.lineBytes), cache.lineBytes.nonzeroBitCount == 1 else {
          throw (object["line"] ?? value).error(
            "expected a power of two of 8 to 4096 bytes, found \(cache.lineBytes)")
        }
      }
    }
    if !hasProblem("line", "ways", "size") {
      try attempt {
        let setBytes = cache.ways * cache.lineBytes
        guard cache.sizeBytes > 0, cache.sizeBytes <= 1 << 40, cache.sizeBytes % setBytes == 0 else {
          throw (object["size"] ?? value).error(
            "expected a multiple of \(cache.ways) ways x \(cache.lineBytes) bytes = \(setBytes), found "
              + "\(cache.sizeBytes) bytes")
        }
      }
    }
    if !hasProblem("policy", "ways"), let most = cache.policy.mostWays, cache.ways > most {
      problems.append(
        (object["policy"] ?? value).error(
          "expected at most \(most) ways with \(cache.policy.rawValue), found \(cache.ways)"))
    }
  }

  func translations(_ value: YAMLValue) throws -> [TLBDescription] {
    try value.list().enumerated().map { index, item in
      var level = TLBDescription(name: "TLB\(index + 1)", entries: 0, ways: 0, pageBytes: [])
      try read(item, into: &level)
      if !hasProblem(["\(item.path).entries", "\(item.path).ways"]), level.entries % level.ways != 0 {
        problems.append(
          try item.object().required("entries").error(
            "expected a multiple of \(level.ways) ways, found \(level.entries) entries"))
      }
      return level
    }
  }

  func memories(_ value: YAMLValue) throws -> [MemoryDescription] {
    try value.list().map { item in
      var memory = MemoryDescription(
        name: "", peakGigabytesPerSecond: 0, idleLatencyNanoseconds: 0, linesInFlightPerCore: 0)
      try read(item, into: &memory)
      if item.isObject { try check(memory, item) }
      return memory
    }
  }

  private func check(_ memory: MemoryDescription, _ value: YAMLValue) throws {
    let object = try value.object()
    func hasProblem(_ keys: String...) -> Bool { self.hasProblem(keys.map { "\(value.path).\($0)" }) }
    if let pieces = object["random_row_pieces"], memory.randomRows.isEmpty, !hasProblem("random_rows") {
      problems.append(pieces.error("expected random_rows beside it, found none"))
    }
    if let peak = object["peak_gbps"], !hasProblem("channels", "transfer_mts", "channel_bytes", "peak_gbps") {
      try attempt { try memory.checkPeak(at: peak) }
    }
    if !hasProblem("curve", "curve_from", "peak_gbps") { try attempt { try memory.checkCurves(at: value) } }
  }

  func provenance(_ value: YAMLValue) throws -> [String: Provenance] {
    var provenance: [String: Provenance] = [:]
    for (key, entry) in try value.object().entries {
      try attempt {
        let object = try entry.object(keys: ["tag", "source"])
        provenance[key] = Provenance(
          tag: try object.required("tag").choice(), source: try object.required("source").string())
      }
    }
    return provenance
  }
}

// MARK: - Rules among the levels of cache

extension MachineReader {
  private func checkCaches(of machine: Machine, _ object: YAMLObject) throws {
    // A message about a level that the file does not mention points at the key that made the level wrong: new levels
    // elsewhere, or the number of cores.
    let elsewhere = object["caches"] ?? object["cores"] ?? object["based_on"]
    let items = (try? object["caches"]?.list()) ?? []
    for (level, cache) in machine.caches.enumerated() {
      let own = object["based_on"] == nil ? (level < items.count ? items[level] : nil) : items.first { $0.names(cache) }
      let path = "caches[\(level)]"
      func report(_ key: String, _ message: String) {
        let value = own.flatMap { (try? $0.object())?[key] } ?? own ?? elsewhere
        problems.append(value?.error(message) ?? InputError(key: "\(path).\(key)", message))
      }
      func hasProblem(_ keys: String..., above: Int? = nil) -> Bool {
        self.hasProblem(keys.flatMap { key in [level, above].compactMap { $0 }.map { "caches[\($0)].\(key)" } })
      }
      if let cores = machine.cores, cache.sharedByCores > cores, !hasProblem("shared_by") {
        report("shared_by", "expected at most the \(cores) cores of the machine, found \(cache.sharedByCores)")
      }
      if level == 0 {
        if cache.inclusion == .victim {
          report("inclusion", "expected nine for the first level: no level above fills it")
        }
        continue
      }
      let above = machine.caches[level - 1]
      // Compares the capacity within one core's reach, not capacity / cores: the L3 of a Xeon 8480+ has less per core
      // than its L2.
      if cache.sizeBytes < above.sizeBytes, !hasProblem("size", above: level - 1) {
        report(
          "size",
          "expected at least the \(formatByteCount(above.sizeBytes)) of \(above.name): levels go from the core outwards; "
            + "found \(formatByteCount(cache.sizeBytes))")
      }
      if cache.lineBytes != above.lineBytes, !hasProblem("line", above: level - 1) {
        report("line", "expected lines of \(above.lineBytes) bytes as in \(above.name), found \(cache.lineBytes)")
      }
      if cache.sharedByCores % above.sharedByCores != 0, !hasProblem("shared_by", above: level - 1) {
        report(
          "shared_by",
          "expected shared_by to be a multiple of the \(above.sharedByCores) of \(above.name), found "
            + "\(cache.sharedByCores)")
      }
      if machine.caches[..<level].contains(where: { $0.name == cache.name }), !hasProblem("name") {
        problems.append(
          own?.error("expected each cache name once, found \(quote(cache.name)) twice")
            ?? InputError(key: "\(path).name", "expected each cache name once"))
      }
    }
  }
}

extension YAMLValue {
  /// Whether this mapping changes the donor's `cache`.
  fileprivate func names(_ cache: CacheDescription) -> Bool { (try? object().required("name").string()) == cache.name }
}

// MARK: - Rules within a memory

extension MemoryDescription {
  fileprivate func checkPeak(at value: YAMLValue) throws {
    guard let channels, let transferMegatransfers else { return }
    let pins = Double(channels) * transferMegatransfers * Double(channelBytes) / 1000
    // 1 % allows for vendors' rounding (614 for 614.4 GB/s); a wrong channel count or data rate is off by far more.
    guard abs(pins - peakGigabytesPerSecond) <= 0.01 * pins else {
      throw value.error(
        "expected channels x transfer_mts x \(channelBytes) bytes = \(pins) GB/s within 1 %, "
          + "found \(peakGigabytesPerSecond)")
    }
  }

  fileprivate func checkCurves(at value: YAMLValue) throws {
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

/// Every level is write-back with write-allocate, as in every CPU of the catalogue; the key documents that for
/// readers.
func checkWritePolicy(_ value: YAMLValue) throws {
  let text = try value.string()
  // Spaces, hyphens, underscores and slashes are accepted in the name of the only policy.
  let plain = text.lowercased().filter { $0.isLetter }
  guard ["writeback", "writebackwriteallocate", "writebackallocate", "wb", "wbwa"].contains(plain) else {
    throw value.error("expected write-back (with write-allocate, the only policy modelled), found \(quote(text))")
  }
}

private func fileStem(_ path: String) -> String {
  let file = path.split(separator: "/").last ?? ""
  return String(file.split(separator: ".").first ?? file)
}
