import Foundation
import Plans
import Support

extension RunDirectory {
  /// Throws what `createOrResume` would, as far as it can be told without making or changing anything at `path`.
  public static func requireUsable(at path: String, plan: Plan, manifest: Manifest, restart: Bool) throws {
    try WholeFile.requireName(path)
    try FileSystemKind.of(path).requireLocal(path)
    let files = FileManager.default
    var isDirectory: ObjCBool = false
    guard files.fileExists(atPath: path, isDirectory: &isDirectory) else {
      // The nearest folder that is there is the one in which others are to be made.
      var parent = URL(fileURLWithPath: path).deletingLastPathComponent()
      while !files.fileExists(atPath: parent.path), parent.path != "/" { parent.deleteLastPathComponent() }
      guard files.fileExists(atPath: parent.path, isDirectory: &isDirectory), isDirectory.boolValue,
        files.isWritableFile(atPath: parent.path)
      else { throw InputError(file: path, "expected a directory that can be made in \(parent.path)") }
      return
    }
    guard isDirectory.boolValue else { throw InputError(file: path, "expected a directory, found a file") }
    guard files.isWritableFile(atPath: path) else { throw InputError(file: path, "expected a writable directory") }
    let found = (try? files.contentsOfDirectory(atPath: path)) ?? []
    if found.contains(manifestName) {
      let earlier = try existingRun(at: path).manifest
      if !restart { try requireSame(path, earlier, plan: plan, manifest: manifest) }
      return
    }
    // What a start left that was killed is cleared away.
    let others = found.filter { name in ![databaseName, planName].contains { name.hasPrefix($0) } }
    if let first = others.sorted().first {
      throw InputError(
        file: path, "expected an empty directory or a run directory, found '\(first)' and no \(manifestName)")
    }
  }
}
