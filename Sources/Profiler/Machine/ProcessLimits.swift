import Glibc

/// The limits of this process (`ulimit`) that bound its memory.
struct ProcessLimits {
  let files: SystemFiles

  struct Limit: Equatable {
    var bytes: Int
    /// The memory that is left to the process; all of the limit where its use is not known.
    var left: Int
    var name: String
  }

  /// The limits of the address space and of private writable memory, where they are set.
  var memory: [Limit] {
    [
      limit("Max address space", used: "VmSize", "the limit of the address space (RLIMIT_AS, ulimit -v)"),
      limit("Max data size", used: "VmData", "the limit of private memory (RLIMIT_DATA, ulimit -d)"),
    ].compactMap { $0 }
  }

  /// `Max address space  1536000000  unlimited  bytes`: the soft limit comes first.
  private func limit(_ key: String, used field: String, _ name: String) -> Limit? {
    guard let line = files.text("proc/self/limits")?.split(separator: "\n").first(where: { $0.hasPrefix(key) }),
      let bytes = line.dropFirst(key.count).split(separator: " ").first.flatMap({ Int($0) })
    else { return nil }
    let used = files.kilobytesField(field, in: "proc/self/status") ?? 0
    return Limit(bytes: bytes, left: max(0, bytes - used), name: name)
  }
}
