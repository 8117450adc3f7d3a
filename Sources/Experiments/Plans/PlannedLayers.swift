import Kernels
import Support

/// Checks the layer files of a plan's points before anything is measured, so that a verb refuses at once what a
/// kernel would refuse later. Files are mapped; no tables are read.
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
      try point.kernel.network.checkLayer(file)
      if point.usesStoredInput { try requireInput(file, width: point.hidden) }
    }
  }

  private static func requireInput(_ file: SafeTensors, width: Int) throws {
    let shape = try file.shape("input", rank: 2)
    guard shape[1] == width else {
      throw InputError(file: file.file, key: "input", "expected \(width) features of a token, found \(shape[1])")
    }
  }

  /// The reason why a layer file has too few tokens for `point`; nil where it has enough, and where the point needs
  /// none of them.
  package static func tokenShortage(_ point: Point, of experiment: Experiment) -> String? {
    guard let layer = point.layer, point.usesStoredInput,
      let file = try? SafeTensors(contentsOf: experiment.path(ofLayer: layer)),
      let shape = try? file.shape("input", rank: 2)
    else { return nil }
    return point.tokenShortage(stored: shape[0])
  }
}
