/// How much memory this process could still allocate without forcing out other data, and the limit that decides it.
/// The doctor, the recorded facts and every verb that builds a point use this figure.
public struct AvailableMemory: Equatable, Sendable {
  public var bytes: Int
  /// The limit's name, such as `MemAvailable` or `the memory limit of control group /user.slice`.
  public var limit: String

  public init(bytes: Int, limit: String) {
    self.bytes = bytes
    self.limit = limit
  }

  /// The minimum of MemAvailable and of what the memory limits of this process and its control groups leave; nil
  /// where the kernel states none. `root` is the root of the file system, for tests.
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

  /// The smallest limit on all memory of this process; nil where only the machine's own memory limits it.
  public static func limit(root: String = "/") -> AvailableMemory? {
    let files = SystemFiles(root: root)
    let found =
      ControlGroups(files: files).memoryLimits.map {
        AvailableMemory(bytes: $0.bytes, limit: "the memory limit of control group \($0.group)")
      } + ProcessLimits(files: files).memory.map { AvailableMemory(bytes: $0.bytes, limit: $0.name) }
    return found.min { $0.bytes < $1.bytes }
  }
}
