import Support

/// All problems of a machine file, each with its key. Reading the file stops at the first.
public struct MachineCheck {
  /// Nil where the file describes no machine.
  public let machine: Machine?
  /// The problems in the order of the file's sections.
  public let problems: [InputError]

  /// Throws `InputError` only where the file contains no YAML mapping.
  public init(contentsOf path: String) throws {
    try self.init(YAMLValue(contentsOf: path))
  }

  public init(text: String, file: String) throws {
    try self.init(YAMLValue(text: text, file: file))
  }

  private init(_ root: YAMLValue) throws {
    let reader = MachineReader(donors: DonorMachines(besides: root.file))
    let machine = try reader.machine(root)
    // Contradictions between figures. A figure with a problem of its own proves nothing against another.
    let inconsistencies = machine.inconsistencies.filter { !reader.hasProblem($0.paths) }
    self.machine = reader.problems.isEmpty ? machine : nil
    problems =
      reader.problems + inconsistencies.map { InputError(file: root.file, key: $0.key, $0.message) }
  }
}

/// A contradiction between figures that are each possible by themselves.
struct Inconsistency {
  /// The key that the message names.
  var key: String
  /// Key paths of the figures that contradict each other.
  var paths: [String]
  var message: String
}

extension Machine {
  /// Contradictions between figures, and provenance entries for keys that do not exist.
  var inconsistencies: [Inconsistency] {
    let stated = figurePaths
    let unknown = provenance.keys.sorted().filter { key in
      !stated.contains { $0 == key || $0.isInside(key) }
    }
    return contradictions
      + unknown.map {
        Inconsistency(
          key: "provenance.\($0)", paths: [$0],
          message: "expected the path of a figure of this file, such as caches[0].size")
      }
  }

  /// Contradictions between figures.
  var contradictions: [Inconsistency] {
    var found: [Inconsistency] = []
    /// `key` is wrong if the figures at `others` are right.
    func add(_ key: String, against others: String..., message: String) {
      found.append(Inconsistency(key: key, paths: [key] + others, message: message))
    }
    for level in caches.indices.dropFirst() {
      let (above, cache) = (caches[level - 1], caches[level])
      func add(_ key: String, _ message: String) {
        found.append(
          Inconsistency(
            key: "caches[\(level)].\(key)", paths: [level, level - 1].map { "caches[\($0)].\(key)" }, message: message))
      }
      if cache.sizeBytes <= above.sizeBytes {
        add(
          "size",
          "expected more than the \(formatByteCount(above.sizeBytes)) of \(above.name), found "
            + formatByteCount(cache.sizeBytes))
      }
      if let near = above.latencyCycles, let far = cache.latencyCycles, far <= near {
        add("latency_cycles", "expected more than the \(near) cycles of \(above.name), found \(far)")
      }
      if let near = above.bytesPerCycle, let far = cache.bytesPerCycle, far > near {
        add("bytes_per_cycle", "expected at most the \(near) bytes per cycle of \(above.name), found \(far)")
      }
    }
    for (level, cache) in caches.enumerated() {
      if let stream = cache.bytesPerCycle, let rows = cache.randomRows.last?.rate, rows > stream * 1.1 {
        // 10 % allows for the noise of two measurements.
        add(
          "caches[\(level)].random_rows", against: "caches[\(level)].bytes_per_cycle",
          message: "expected at most the \(stream) bytes per cycle of a stream, found \(rows)")
      }
    }
    for (index, memory) in memory.enumerated() {
      let idle = "memory[\(index)].idle_latency_ns"
      if let cycles = caches.last?.latencyCycles, let frequencyGHz,
        memory.idleLatencyNanoseconds <= cycles / frequencyGHz
      {
        add(
          idle, against: "caches[\(caches.count - 1)].latency_cycles", "frequency_ghz",
          message: "expected more than the \(cycles / frequencyGHz) ns of the last cache, found "
            + "\(memory.idleLatencyNanoseconds)")
      }
      for (number, curve) in memory.curve.enumerated() {
        // 3 % is the tolerance of the curves themselves.
        guard let first = curve.points.first, first.nanoseconds < 0.97 * memory.idleLatencyNanoseconds else { continue }
        add(
          "memory[\(index)].curve[\(number)]", against: idle,
          message: "expected at least the idle latency of \(memory.idleLatencyNanoseconds) ns, found "
            + "\(first.nanoseconds)")
      }
    }
    if let effectiveCores, let cores, effectiveCores > Double(cores) {
      add(
        "effective_cores", against: "cores", message: "expected at most the \(cores) cores, found \(effectiveCores)")
    }
    if let remote = numa?.remoteLatencyNanoseconds, let local = memory.first?.idleLatencyNanoseconds, remote < local {
      add(
        "numa.remote_latency_ns", against: "memory[0].idle_latency_ns",
        message: "expected at least the \(local) ns of the memory that is near, found \(remote)")
    }
    return found
  }
}

extension String {
  /// Whether this key path lies below `enclosing`: `caches[0].size` inside `caches` and `caches[0]`.
  func isInside(_ enclosing: String) -> Bool {
    guard hasPrefix(enclosing), count > enclosing.count else { return false }
    let next = self[index(startIndex, offsetBy: enclosing.count)]
    return next == "." || next == "["
  }
}
