import Kernels
import Profiler

extension Point {
  /// What distinguishes the point at a glance: `lookup T=128 rows=256 tokens=4096 threads=2 sliced interleave`. Settings at
  /// their usual value (fp32, compact, local, thp, auto) are left out.
  public var label: String {
    var parts = [kernel.rawValue]
    if let layer {
      let file = layer.split(separator: "/").last.map(String.init) ?? layer
      parts.append(file.hasSuffix(".safetensors") ? String(file.dropLast(".safetensors".count)) : file)
    }
    if let tables, let tableRows {
      parts += ["T=\(tables)", "rows=\(tableRows)"]
      if projection == .dense { parts.append("dense-projection") }
    }
    if let intermediate { parts.append("ff=\(intermediate)") }
    parts += ["d=\(hidden)", "tokens=\(tokens)", "threads=\(threads)"]
    if isTuned { parts.append(Parameter.automatic) }
    if let strategy { parts.append(strategy.label) }
    if partition == .tables { parts.append("by-tables") }
    if dtype != .fp32 { parts.append(dtype.rawValue) }
    if let projectionDtype { parts.append("\(projectionDtype.rawValue)-projection") }
    if let codes, codes != .uniform { parts.append(codes.rawValue) }
    if cpus != .compact { parts.append("cpus=\(cpus)") }
    if memory != .local { parts.append("\(memory)") }
    if pages != .transparentHuge { parts.append(pages.rawValue) }
    if isa != .auto { parts.append(isa.rawValue) }
    if let variant { parts.append("variant=\(variant)") }
    return parts.joined(separator: " ")
  }
}

extension LookupStrategy {
  /// `sliced/4096/128x8/p2/g-off`: order, token tile, slice columns x table group, rows prefetched, group prefetch unless
  /// the schedule decides it.
  public var label: String {
    var text = "\(order.rawValue)/\(tokenTile)"
    if order == .sliced { text += "/\(columnSlice)x\(tableGroup)" }
    if prefetchRows > 0 { text += "/p\(prefetchRows)" }
    if let groupPrefetch { text += "/g-\(groupPrefetch.rawValue)" }
    return text
  }
}
