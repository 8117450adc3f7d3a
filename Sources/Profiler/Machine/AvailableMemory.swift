/// How much memory this process could still have now without pushing others out, and what sets the limit: the one figure by
/// which doctor, the recorded facts and every verb that builds a point go.
public struct AvailableMemory: Equatable, Sendable {
  public var bytes: Int
  /// Such as `MemAvailable` or `the memory limit of control group /user.slice`.
  public var limit: String

  public init(bytes: Int, limit: String) {
    self.bytes = bytes
    self.limit = limit
  }

  /// The least of MemAvailable and of what the memory limits of this process and of its control groups leave; nil where the
  /// kernel says nothing. `root` is the root of the file system, for tests.
  public static func read(root: String = "/") -> AvailableMemory? {
    let files = SystemFiles(root: root)
    var found: [AvailableMemory] = []
    if let bytes = files.kilobytesField("MemAvailable", in: "proc/meminfo") {
      found.append(AvailableMemory(bytes: bytes, limit: "MemAvailable"))
    }
    found += ControlGroups(files: files).memoryLimits.map {
      AvailableMemory(bytes: $0.left, limit: "the memory limit of control group \($0.group)")
    }
    found += ProcessLimits(files: files).memory.map { AvailableMemory(bytes: $0.left, limit: $0.name) }
    return found.min { $0.bytes < $1.bytes }
  }

  /// The smallest limit on the memory that this process may have in all; nil where only the machine's own memory limits it.
  public static func limit(root: String = "/") -> AvailableMemory? {
    let files = SystemFiles(root: root)
    let found =
      ControlGroups(files: files).memoryLimits.map {
        AvailableMemory(bytes: $0.bytes, limit: "the memory limit of control group \($0.group)")
      } + ProcessLimits(files: files).memory.map { AvailableMemory(bytes: $0.bytes, limit: $0.name) }
    return found.min { $0.bytes < $1.bytes }
  }
}
