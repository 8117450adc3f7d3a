import Foundation
import Support

extension Machine {
  /// The machine as the text of a machine file; reading it back gives an equal machine.
  public func yaml() -> String {
    var lines = ["schema: \(Machine.schema)", "name: \(quoted(name))"]
    if !description.isEmpty { lines.append("description: \(quoted(description))") }
    if status != .current { lines.append("status: \(status.rawValue)") }
    if !sources.isEmpty { lines += ["sources:"] + sources.map { "  - \(quoted($0))" } }
    if let cores { lines.append("cores: \(cores)") }
    if let effectiveCores { lines.append("effective_cores: \(number(effectiveCores))") }
    if let frequencyGHz { lines.append("frequency_ghz: \(number(frequencyGHz))") }
    if let simd {
      let entries = [
        "isa: \(quoted(simd.isa))", "width_bits: \(simd.widthBits)", "fma_units: \(simd.fmaUnits)",
        simd.bf16PerCycle.map { "bf16_per_cycle: \(number($0))" },
        simd.int8PerCycle.map { "int8_per_cycle: \(number($0))" },
        simd.productShare.map { "product_share: \(number($0))" },
        simd.latencyCycles.map { "latency_cycles: \(number($0))" },
        simd.window.map { "window: \(number($0))" },
        simd.issueWidth.map { "issue_width: \(number($0))" },
      ]
      lines.append("simd: {\(entries.compactMap { $0 }.joined(separator: ", "))}")
    }
    lines += ["caches:"] + caches.flatMap { item($0.yamlEntries) }
    if !tlb.isEmpty { lines += ["tlb:"] + tlb.flatMap { item($0.yamlEntries) } }
    if let transfersOverlap { lines.append("transfers_overlap: \(transfersOverlap)") }
    if let overlap { lines.append("overlap: \(number(overlap))") }
    if !memory.isEmpty { lines += ["memory:"] + memory.flatMap { item($0.yamlEntries) + curveLines($0.curve) } }
    if let numa {
      lines += ["numa:", "  nodes: \(numa.nodes)"]
      if let latency = numa.remoteLatencyNanoseconds { lines.append("  remote_latency_ns: \(number(latency))") }
      if let link = numa.linkGigabytesPerSecond { lines.append("  link_gbps: \(number(link))") }
    }
    if !provenance.isEmpty {
      lines.append("provenance:")
      for (key, entry) in provenance.sorted(by: { $0.key < $1.key }) {
        lines.append("  \(quoted(key)): {tag: \(entry.tag.rawValue), source: \(quoted(entry.source))}")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension CacheDescription {
  fileprivate var yamlEntries: [(String, String?)] {
    [
      ("name", quoted(name)), ("size", exactByteCount(sizeBytes)), ("ways", "\(ways)"), ("line", "\(lineBytes)"),
      ("shared_by", "\(sharedByCores)"), ("latency_cycles", latencyCycles.map(number)),
      ("bytes_per_cycle", bytesPerCycle.map(number)), ("write_bytes_per_cycle", writeBytesPerCycle.map(number)),
      ("random_rows", pairs(randomRows)), ("random_row_pieces", pairs(randomRowPieces)), ("policy", policy.rawValue),
      ("inclusion", inclusion.rawValue),
      ("write_policy", "write-back"),
      (
        "prefetcher",
        prefetcher.map {
          "{kind: \($0.kind.rawValue), degree: \($0.degree), latency_accesses: \($0.latencyAccesses)}"
        }
      ),
    ]
  }
}

extension TLBDescription {
  fileprivate var yamlEntries: [(String, String?)] {
    [
      ("name", quoted(name)), ("entries", "\(entries)"), ("ways", "\(ways)"),
      ("pages", "[\(pageBytes.map(exactByteCount).joined(separator: ", "))]"),
    ]
  }
}

extension MemoryDescription {
  fileprivate var yamlEntries: [(String, String?)] {
    [
      ("name", quoted(name)), ("channels", channels.map { "\($0)" }),
      ("transfer_mts", transferMegatransfers.map(number)),
      ("channel_bytes", channelBytes == MemoryDescription.ddrChannelBytes ? nil : "\(channelBytes)"),
      ("peak_gbps", number(peakGigabytesPerSecond)), ("idle_latency_ns", number(idleLatencyNanoseconds)),
      ("lines_in_flight_per_core", number(linesInFlightPerCore)),
      ("random_lines_in_flight_per_core", randomLinesInFlightPerCore.map(number)),
      ("write_gbps_per_core", writeGigabytesPerSecondPerCore.map(number)),
      ("stream_store_gbps_per_core", streamStoreGigabytesPerSecondPerCore.map(number)),
      ("random_rows", pairs(randomRows)), ("random_row_pieces", pairs(randomRowPieces)),
    ]
  }
}

/// A mapping as an item of a list, without the entries that are absent.
private func item(_ entries: [(String, String?)]) -> [String] {
  entries.compactMap { key, value in value.map { "\(key): \($0)" } }
    .enumerated().map { ($0 == 0 ? "  - " : "    ") + $1 }
}

private func pairs(_ rows: [RandomRowRate]) -> String? {
  rows.isEmpty ? nil : "[" + rows.map { "[\($0.rowBytes), \(number($0.rate))]" }.joined(separator: ", ") + "]"
}

private func curveLines(_ curve: [LoadedLatencyCurve]) -> [String] {
  guard !curve.isEmpty else { return [] }
  return ["    curve:"]
    + curve.flatMap { curve in
      let points = curve.points.map { "[\(number($0.gigabytesPerSecond)), \(number($0.nanoseconds))]" }
      return [
        "      - read_ratio: \(number(curve.readRatio))", "        points: [\(points.joined(separator: ", "))]",
      ]
    }
}

/// A size as people write it where that says exactly the same, else in plain bytes.
private func exactByteCount(_ bytes: Int) -> String {
  let text = formatByteCount(bytes)
  return parseByteCount(text) == bytes ? text : "\(bytes)"
}

private func number(_ value: Double) -> String {
  value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
}

/// Text in double quotes wherever plain YAML could read it as anything else.
private func quoted(_ text: String) -> String {
  let plain = text.unicodeScalars.allSatisfy {
    $0.isASCII && ($0.properties.isAlphabetic || "0123456789-_".contains(Character($0)))
  }
  let reserved = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf"]
  if plain, let first = text.unicodeScalars.first, first.properties.isAlphabetic,
    !reserved.contains(text.lowercased())
  {
    return text
  }
  var escaped = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": escaped += "\\\""
    case "\\": escaped += "\\\\"
    case "\n": escaped += "\\n"
    case "\t": escaped += "\\t"
    case _ where scalar.properties.generalCategory == .control: escaped += String(format: "\\x%02x", scalar.value)
    default: escaped.unicodeScalars.append(scalar)
    }
  }
  return "\"\(escaped)\""
}
