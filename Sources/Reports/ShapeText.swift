import Kernels
import Plans
import RunStore

extension RunData {
  /// The dimensions, with the other traits that distinguish a layer's points: a name, and codes that are not uniform.
  func layerText(of row: ResultRow) -> String {
    let codes = row.text(Parameter.codes.name).flatMap { $0 == CodeSource.uniform.rawValue ? nil : $0 }
    return [row.shapeText, point(row.pointID)?.variant, codes].compactMap { $0 }.joined(separator: " ")
  }
}

extension ResultRow {
  /// The dimensions that the network has, such as `d=512 ff=2048`.
  var shapeText: String { network?.shapeText { bytes($0) } ?? "d=\(self.hidden)" }
}
