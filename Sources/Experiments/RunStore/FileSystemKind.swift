import CLinux
import Foundation
import Support

/// The kind of file system of a path, as far as a database depends on it: whether other hosts share it.
///
/// SQLite's write-ahead log is shared memory between processes of one host, and its locks are only as good as the file
/// system's; over a network both fail silently (sqlite.org/wal.html, sqlite.org/howtocorrupt.html).
struct FileSystemKind: Equatable {
  /// The name of a file system that is unsafe for a database; nil for any other.
  var network: String?

  init(network: String?) {
    self.network = network
  }

  /// Numbers from statfs(2) and linux/magic.h; those of GPFS, BeeGFS and PanFS from their own sources. FUSE is
  /// refused as a whole, since its backing store cannot be known and most FUSE mounts are network file systems.
  private static let networks: [Int64: String] = [
    0x6969: "NFS", 0x517B: "SMB", 0xFE53_4D42: "SMB", 0xFF53_4D42: "CIFS", 0x0BD0_0BD0: "Lustre", 0x6573_5546: "FUSE",
    0x00C3_6400: "Ceph", 0x4750_4653: "GPFS", 0x1983_0326: "BeeGFS", 0xAAD7_AAEA: "PanFS", 0x5346_414F: "AFS",
    0x6B41_4653: "AFS", 0x7375_7245: "Coda", 0x564C: "NCP", 0x0102_1997: "9P", 0x7461_636F: "OCFS2",
    0x0116_1970: "GFS2",
  ]

  init(magic: Int64) {
    network = Self.networks[magic]
  }

  /// The kind at `path`, or at the nearest directory above it that exists.
  static func of(_ path: String) -> FileSystemKind {
    var url = URL(fileURLWithPath: path).standardizedFileURL
    while !FileManager.default.fileExists(atPath: url.path), url.path != "/" { url.deleteLastPathComponent() }
    return FileSystemKind(magic: linux_file_system(url.path))
  }

  /// Throws `InputError` where a database at `path` would not be safe.
  func requireLocal(_ path: String) throws {
    guard let network else { return }
    throw InputError(
      file: path,
      "expected a local file system for the run's database, found \(network), on which it would be corrupted sooner or "
        + "later; give --output a directory on a local disk and copy it when the run is done")
  }
}
