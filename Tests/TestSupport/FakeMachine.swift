import Foundation

/// A machine made of files: creates `/sys` and `/proc` trees in a temporary directory from a compact description.
public final class FakeMachine {
  public let root: String

  public init(_ files: [String: String]) throws {
    let directory = Self.memoryBackedDirectory.appendingPathComponent("fake-machine-\(UUID().uuidString)")
    root = directory.path
    // Each directory is created once, because a server has tens of thousands of files.
    for (parent, names) in Dictionary(grouping: files.keys, by: { ($0 as NSString).deletingLastPathComponent }) {
      let parent = directory.appendingPathComponent(parent).path
      try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
      for name in names {
        let path = "\(parent)/\((name as NSString).lastPathComponent)"
        guard let text = files[name], FileManager.default.createFile(atPath: path, contents: Data((text + "\n").utf8))
        else { throw CocoaError(.fileWriteUnknown) }
      }
    }
  }

  /// A folder in memory where there is room for the files of a large server, each of which takes a page. On a busy
  /// disk, creating and removing tens of thousands of files takes minutes.
  private static let memoryBackedDirectory: URL = {
    let room = try? FileManager.default.attributesOfFileSystem(forPath: "/dev/shm")[.systemFreeSize] as? Int
    guard let room, room >= 1 << 30, FileManager.default.isWritableFile(atPath: "/dev/shm") else {
      return FileManager.default.temporaryDirectory
    }
    return URL(fileURLWithPath: "/dev/shm")
  }()

  /// The result of `body` on the machine's root directory, which exists as long as `self`.
  public func read<Result>(_ body: (_ root: String) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(self) { try body(root) }
  }

  deinit {
    try? FileManager.default.removeItem(atPath: root)
  }

  /// The files of a regular machine. CPUs are numbered as Linux does on x86 servers: all first hardware threads, package
  /// by package and cluster by cluster, then all second ones.
  public static func files(
    packages: Int, clustersPerPackage: Int, coresPerCluster: Int, threadsPerCore: Int, allowed: String? = nil
  ) -> [String: String] {
    let coresPerPackage = clustersPerPackage * coresPerCluster
    let cores = packages * coresPerPackage
    let cpus = 0..<(cores * threadsPerCore)
    func threads(_ cores: Range<Int>, of all: Int) -> String {
      (0..<threadsPerCore).map { "\(cores.lowerBound + $0 * all)-\(cores.upperBound - 1 + $0 * all)" }
        .joined(separator: ",")
    }
    var files = [
      "sys/devices/system/cpu/online": "0-\(cpus.count - 1)",
      "proc/self/status": """
      Name:	test
      Cpus_allowed_list:	\(allowed ?? "0-\(cpus.count - 1)")
      Mems_allowed_list:	0-\(packages - 1)
      """,
    ]
    for cpu in cpus {
      let core = cpu % cores
      let package = core / coresPerPackage
      let cluster = core / coresPerCluster
      let directory = "sys/devices/system/cpu/cpu\(cpu)"
      files["\(directory)/topology/physical_package_id"] = "\(package)"
      files["\(directory)/topology/core_id"] = "\(core % coresPerPackage)"
      files["\(directory)/topology/core_cpus_list"] = threads(core..<(core + 1), of: cores)
      let caches = [
        (1, "Data", "48K", 12, 64, threads(core..<(core + 1), of: cores)),
        (1, "Instruction", "32K", 8, 64, threads(core..<(core + 1), of: cores)),
        (2, "Unified", "1024K", 16, 1024, threads(core..<(core + 1), of: cores)),
        (
          3, "Unified", "32768K", 16, 32768,
          threads((cluster * coresPerCluster)..<((cluster + 1) * coresPerCluster), of: cores)
        ),
      ]
      for (index, cache) in caches.enumerated() {
        let entry = "\(directory)/cache/index\(index)"
        files["\(entry)/level"] = "\(cache.0)"
        files["\(entry)/type"] = cache.1
        files["\(entry)/size"] = cache.2
        files["\(entry)/ways_of_associativity"] = "\(cache.3)"
        files["\(entry)/number_of_sets"] = "\(cache.4)"
        files["\(entry)/coherency_line_size"] = "64"
        files["\(entry)/shared_cpu_list"] = cache.5
      }
    }
    for package in 0..<packages {
      let directory = "sys/devices/system/node/node\(package)"
      files["\(directory)/cpulist"] = threads(
        (package * coresPerPackage)..<((package + 1) * coresPerPackage), of: cores)
      files["\(directory)/meminfo"] = "Node \(package) MemTotal:       4194304 kB\nNode \(package) MemFree: 1024 kB"
      files["\(directory)/distance"] = (0..<packages).map { $0 == package ? "10" : "32" }.joined(separator: " ")
    }
    return files
  }
}
