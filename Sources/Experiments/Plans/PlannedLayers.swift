import Kernels
import Support

/// The layer files that a plan's points run on, checked before anything is measured: what a kernel would refuse of them, a
/// verb refuses at once. Files are mapped; no tables are read.
package enum PlannedLayers {
  /// Throws `InputError` for the first file that a point of `plan` cannot run on.
  package static func check(_ plan: Plan, of experiment: Experiment) throws {
    var files: [String: SafeTensors] = [:]
    var checked: Set<[String]> = []
    for point in plan.points {
      guard let layer = point.layer,
        checked.insert([layer, point.kernel.rawValue, "\(point.usesStoredInput)", "\(point.hidden)"]).inserted
      else { continue }
      let file = try files[layer] ?? SafeTensors(contentsOf: experiment.path(ofLayer: layer))
      files[layer] = file
      switch point.kernel {
      case .dense: _ = try DenseFFNParameters.shape(of: file)
      // A look-up may take no more than the activations of another network's layer.
      case .lookup: if file.tensors["tables"] != nil { _ = try LookupFFNParameters.shape(of: file) }
      }
      if point.usesStoredInput { try requireInput(file, width: point.hidden) }
    }
  }

  private static func requireInput(_ file: SafeTensors, width: Int) throws {
    let shape = try file.shape("input", rank: 2)
    guard shape[1] == width else {
      throw InputError(file: file.file, key: "input", "expected \(width) features of a token, found \(shape[1])")
    }
  }

  /// Why a layer file has too few tokens for `point`; nil where it has enough, and where it stores none that the point needs.
  package static func tokenShortage(_ point: Point, of experiment: Experiment) -> String? {
    guard let layer = point.layer, point.usesStoredInput,
      let file = try? SafeTensors(contentsOf: experiment.path(ofLayer: layer)),
      let shape = try? file.shape("input", rank: 2)
    else { return nil }
    return point.tokenShortage(stored: shape[0])
  }
}
