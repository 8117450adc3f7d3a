import Kernels
import Profiler

extension Point {
  /// A short description of the point: `lookup T=128 rows=256 tokens=4096 threads=2 sliced interleave`. Settings at
  /// their default (fp32, compact, local, thp, auto) are left out.
  public var label: String {
    var parts = [kernel.rawValue]
    if let layer {
      let file = layer.split(separator: "/").last.map(String.init) ?? layer
      parts.append(file.hasSuffix(".safetensors") ? String(file.dropLast(".safetensors".count)) : file)
    }
    parts += network.shapeLabel
    parts += ["d=\(hidden)", "tokens=\(tokens)", "threads=\(threads)"]
    parts += network.settingsLabel
    if cpus != .compact { parts.append("cpus=\(cpus)") }
    if memory != .local { parts.append("\(memory)") }
    if pages != .transparentHuge { parts.append(pages.rawValue) }
    if isa != .auto { parts.append(isa.rawValue) }
    if let variant { parts.append("variant=\(variant)") }
    return parts.joined(separator: " ")
  }
}
