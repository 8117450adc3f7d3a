/// How much memory a new process could have now without pushing others out, and what sets the limit.
public struct AvailableMemory: Equatable, Sendable {
  public var bytes: Int
  /// Such as `MemAvailable` or `the limit of control group /user.slice`.
  public var limit: String

  public init(bytes: Int, limit: String) {
    self.bytes = bytes
    self.limit = limit
  }

  /// The least of MemAvailable and of what the memory limits of this process's control groups leave; nil where the kernel
  /// says nothing. `root` is the root of the file system, for tests.
  public static func read(root: String = "/") -> AvailableMemory? {
    let files = SystemFiles(root: root)
    var found: [AvailableMemory] = []
    if let bytes = files.kilobytesField("MemAvailable", in: "proc/meminfo") {
      found.append(AvailableMemory(bytes: bytes, limit: "MemAvailable"))
    }
    for line in (files.text("proc/self/cgroup") ?? "").split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 3 else { continue }
      if parts[1].isEmpty {
        found += groups(parts[2]).compactMap { left(files, in: $0, .second) }
      } else if parts[1].split(separator: ",").contains("memory") {
        found += groups(parts[2]).compactMap { left(files, in: $0, .first) }
      }
    }
    return found.min { $0.bytes < $1.bytes }
  }

  /// Where the two versions of control groups keep the same figures.
  private enum Version {
    case first, second

    var folder: String { self == .first ? "sys/fs/cgroup/memory" : "sys/fs/cgroup" }
    var limit: String { self == .first ? "memory.limit_in_bytes" : "memory.max" }
    var usage: String { self == .first ? "memory.usage_in_bytes" : "memory.current" }
    var reclaimable: String { self == .first ? "total_inactive_file" : "inactive_file" }
  }

  /// The group and all above it: each of their limits holds. In a container, whose own group is mounted as the root, only
  /// the last of them is there.
  private static func groups(_ path: String) -> [String] {
    var names = path.split(separator: "/")
    var groups: [String] = []
    while !names.isEmpty {
      groups.append("/" + names.joined(separator: "/"))
      names.removeLast()
    }
    return groups + ["/"]
  }

  /// Nil without a limit (`max`; in version 1 a number beyond any memory). Cached files give way, so they do not count.
  private static func left(_ files: SystemFiles, in group: String, _ version: Version) -> AvailableMemory? {
    let folder = version.folder + (group == "/" ? "" : group)
    guard let limit = files.int("\(folder)/\(version.limit)"), limit < 1 << 60,
      let usage = files.int("\(folder)/\(version.usage)")
    else { return nil }
    let cached = files.field(version.reclaimable, in: "\(folder)/memory.stat", separator: " ").flatMap { Int($0) } ?? 0
    return AvailableMemory(bytes: max(0, limit - usage + cached), limit: "the memory limit of control group \(group)")
  }
}
