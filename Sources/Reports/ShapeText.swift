import RunStore

extension RunData {
  /// The dimensions, and what else tells a layer's points apart: a name, and codes that are not uniform.
  func layerText(of row: ResultRow) -> String {
    let codes = row.codes == .uniform ? nil : row.codes?.rawValue
    return [row.shapeText, point(row.pointID)?.variant, codes].compactMap { $0 }.joined(separator: " ")
  }
}

extension ResultRow {
  /// The dimensions that the kernel depends on.
  var shapeText: String {
    switch kernel {
    case .dense:
      return "d=\(hidden) ff=\(intermediate.map(String.init) ?? "–")" + (dtype == .fp32 ? "" : " \(dtype.rawValue)")
    case .lookup:
      let projection = projectionDtype == .bf16 ? ", bf16 projection" : ""
      return "T=\(tables.map(String.init) ?? "–") rows=\(tableRows.map(String.init) ?? "–")"
        + (tableBytes.map { " (\(bytes($0))\(dtype == .fp32 ? "" : " \(dtype.rawValue)"))" } ?? "") + projection
    }
  }
}
