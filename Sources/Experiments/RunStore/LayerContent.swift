import Foundation
import Plans
import Support

extension Plan {
  /// A hash of the content of each layer file that the points name, by its name in `experiment`; nil where none is
  /// named. Throws `InputError` for a file that cannot be read.
  public func layerContents(_ experiment: Experiment) throws -> [String: String]? {
    var contents: [String: String] = [:]
    for layer in Set(points.compactMap(\.layer)) {
      contents[layer] = try contentHash(of: experiment.path(ofLayer: layer))
    }
    return contents.isEmpty ? nil : contents
  }
}

/// FNV-1a, 64 bits, over the bytes of the file at `path`, as 16 hexadecimal digits.
private func contentHash(of path: String) throws -> String {
  guard let file = FileHandle(forReadingAtPath: path) else {
    throw InputError(
      file: path, FileManager.default.fileExists(atPath: path) ? "expected a readable file" : "no such file")
  }
  var hash = FNV1a()
  do {
    while let data = try file.read(upToCount: 1 << 20), !data.isEmpty { hash.add(data) }
  } catch {
    throw InputError(file: path, "expected a readable file: \(plainReason(error))")
  }
  return hexadecimal(hash.value)
}
