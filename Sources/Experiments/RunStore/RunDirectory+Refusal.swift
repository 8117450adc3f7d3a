import Foundation
import Plans
import Support

extension RunDirectory {
  /// Throws the errors of `createOrResume` that can be known without making or changing anything at `path`.
  public static func requireUsable(at path: String, plan: Plan, manifest: Manifest, restart: Bool) throws {
    try WholeFile.requireName(path)
    try FileSystemKind.of(path).requireLocal(path)
    let files = FileManager.default
    var isDirectory: ObjCBool = false
    guard files.fileExists(atPath: path, isDirectory: &isDirectory) else {
      // The nearest existing directory, in which the missing ones are to be made.
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
    // Files that a killed start left behind are allowed, since `createOrResume` removes them.
    let others = found.filter { name in ![databaseName, planName].contains { name.hasPrefix($0) } }
    if let first = others.sorted().first {
      throw InputError(
        file: path, "expected an empty directory or a run directory, found '\(first)' and no \(manifestName)")
    }
  }
}
