import Foundation
import Support
import TestSupport
import Testing

@testable import Profiler

/// Two packages of two L3 clusters of two cores, SMT on: CPUs 0-7 are the first hardware threads, 8-15 the second.
private func twoSockets(allowed: String? = nil) throws -> Topology {
  let machine = try FakeMachine(
    FakeMachine.files(
      packages: 2, clustersPerPackage: 2, coresPerCluster: 2, threadsPerCore: 2, allowed: allowed))
  return Topology.read(root: machine.root)
}

struct TopologyReadingTests {
  @Test func `sizes beyond any machine's are unknown and not a crash`() throws {
    var files = FakeMachine.files(packages: 1, clustersPerPackage: 1, coresPerCluster: 2, threadsPerCore: 1)
    files["sys/devices/system/node/node0/meminfo"] = "Node 0 MemTotal: 9223372036854775807 kB"
    files["sys/devices/system/cpu/cpu0/cache/index0/size"] = "9007199254740993K"
    let topology = try FakeMachine(files).read { Topology.read(root: $0) }
    #expect(topology.nodes.first?.memoryBytes == nil)
    #expect(topology.cpus.count == 2)
  }

  @Test func `a two-socket machine has its packages, clusters, cores and SMT siblings`() throws {
    let topology = try twoSockets()
    #expect(topology.notes.isEmpty)
    #expect(topology.packages == [0, 1])
    #expect(topology.coreCount == 8)
    #expect(topology.hasSMT)
    #expect(topology.clusters.map(\.cpus) == [[0, 1, 8, 9], [2, 3, 10, 11], [4, 5, 12, 13], [6, 7, 14, 15]])
    #expect(topology.clusters.map(\.package) == [0, 0, 1, 1])
    #expect(topology.clusters.allSatisfy { $0.cacheBytes == 32 * 1024 * 1024 })
    #expect(topology.cpu(13) == .init(id: 13, package: 1, cluster: 2, core: 5, thread: 1, node: 1))
  }

  @Test func `memory nodes carry their CPUs, size and distances`() throws {
    let topology = try twoSockets()
    #expect(topology.nodes.map(\.id) == [0, 1])
    #expect(topology.nodes[1].cpus == [4, 5, 6, 7, 12, 13, 14, 15])
    #expect(topology.nodes[1].memoryBytes == 4 << 30)
    #expect(topology.nodes[1].distances == [32, 10])
    #expect(topology.allowedNodes == [0, 1])
  }

  @Test func `each cache is listed once, with the CPUs that share it`() throws {
    let topology = try twoSockets()
    #expect(topology.caches.count { $0.level == 1 && $0.type == "Data" } == 8)
    #expect(topology.caches.count { $0.level == 3 } == 4)
    let path = topology.dataCaches(of: 9)
    let sizes: [Int?] = [48 << 10, 1 << 20, 32 << 20]
    #expect(path.map(\.sizeBytes) == sizes)
    #expect(path.map(\.ways) == [12, 16, 16])
    #expect(path.map(\.sharedCPUs) == [[1, 9], [1, 9], [0, 1, 8, 9]])
  }

  @Test func `a machine that describes nothing is one package of single-threaded cores, and says what is missing`()
    throws
  {
    let machine = try FakeMachine(["sys/devices/system/cpu/online": "0-3"])
    let topology = Topology.read(root: machine.root)
    #expect(topology.cpus.map(\.id) == [0, 1, 2, 3])
    #expect(topology.packages == [0])
    #expect(topology.coreCount == 4)
    #expect(topology.clusters.map(\.cpus) == [[0, 1, 2, 3]])
    #expect(topology.clusters[0].cacheBytes == nil)
    #expect(topology.allowedCPUs == [0, 1, 2, 3])
    #expect(topology.nodes.isEmpty)
    #expect(topology.notes.count == 6)
  }

  @Test func `a cache whose size is missing has none, rather than 0`() throws {
    var files = FakeMachine.files(packages: 1, clustersPerPackage: 1, coresPerCluster: 1, threadsPerCore: 1)
    files["sys/devices/system/cpu/cpu0/cache/index2/size"] = nil
    files["sys/devices/system/cpu/cpu0/cache/index3/ways_of_associativity"] = "0"
    let machine = try FakeMachine(files)
    let topology = Topology.read(root: machine.root)
    #expect(topology.caches.first { $0.level == 2 }?.sizeBytes == nil)
    #expect(topology.caches.first { $0.level == 3 }?.ways == nil)
    #expect(topology.notes == ["some caches have no size or associativity"])
  }

  @Test func `the topology survives a round trip through JSON`() throws {
    let topology = try twoSockets()
    let copy = try JSONDecoder().decode(Topology.self, from: JSONEncoder().encode(topology))
    #expect(copy == topology)
  }

  @Test func `unknown values are null in JSON`() throws {
    let machine = try FakeMachine(["sys/devices/system/cpu/online": "0"])
    let text = String(decoding: try JSONEncoder().encode(Topology.read(root: machine.root)), as: UTF8.self)
    #expect(text.contains("\"cacheBytes\":null"))
    #expect(text.contains("\"node\":null"))
  }

  @Test(arguments: ["", "-1", "4-2", "x", "0-99999999999", "1,,2"])
  func `garbage in sysfs neither crashes nor invents CPUs`(text: String) throws {
    var files = FakeMachine.files(packages: 1, clustersPerPackage: 1, coresPerCluster: 2, threadsPerCore: 1)
    for path in files.keys where path != "sys/devices/system/cpu/online" { files[path] = text }
    let machine = try FakeMachine(files)
    let topology = Topology.read(root: machine.root)
    #expect(topology.cpus.map(\.id) == [0, 1])
    #expect(topology.packages == [0])
    #expect(!topology.notes.isEmpty)
  }

  @Test func `this machine has at least one CPU that we may use`() {
    let topology = Topology.read()
    #expect(!topology.allowedCPUs.isEmpty)
    #expect(topology.cpus.count >= topology.allowedCPUs.count)
  }
}

/// A sysfs that lacks files: old and vendor kernels, copies, and containers without /sys.
struct SparseTopologyTests {
  /// Eight CPUs of one package behind one L3 of 16 MiB; `sharing` is the file that says who shares a cache.
  private func files(_ sharing: (_ level: Int, _ cpu: Int) -> (name: String, text: String)?) -> [String: String] {
    var files = [
      "sys/devices/system/cpu/online": "0-7", "proc/self/status": "Cpus_allowed_list:\t0-7\nMems_allowed_list:\t0",
      "sys/devices/system/node/node0/cpumap": "000000ff", "sys/devices/system/node/node0/distance": "10",
    ]
    for cpu in 0..<8 {
      let directory = "sys/devices/system/cpu/cpu\(cpu)"
      files["\(directory)/topology/physical_package_id"] = "0"
      files["\(directory)/topology/thread_siblings"] = String(1 << cpu, radix: 16)
      for (level, type, size) in [(1, "Data", "32K"), (2, "Unified", "512K"), (3, "Unified", "16384K")] {
        let entry = "\(directory)/cache/index\(level)"
        files["\(entry)/level"] = "\(level)"
        files["\(entry)/type"] = type
        files["\(entry)/size"] = size
        files["\(entry)/ways_of_associativity"] = "8"
        if let file = sharing(level, cpu) { files["\(entry)/\(file.name)"] = file.text }
      }
    }
    return files
  }

  private func read(_ files: [String: String]) throws -> Topology {
    try FakeMachine(files).read { Topology.read(root: $0) }
  }

  @Test func `a mask tells the sharers of a cache, a core and a node where there is no list`() throws {
    let topology = try read(
      files { level, cpu in ("shared_cpu_map", level < 3 ? String(1 << cpu, radix: 16) : "00000000,000000ff") })
    #expect(topology.clusters.map(\.cpus) == [Array(0..<8)])
    #expect(topology.clusters.map(\.cacheBytes) == [16 << 20])
    #expect(topology.caches.count { $0.level == 2 } == 8)
    #expect(topology.coreCount == 8 && topology.nodes.map(\.cpus) == [Array(0..<8)])
    #expect(topology.notes.isEmpty, "\(topology.notes)")
  }

  @Test func `a cache whose sharing is unknown is not counted for each CPU, and a note says so`() throws {
    let topology = try read(files { level, cpu in level < 3 ? ("shared_cpu_list", "\(cpu)") : nil })
    #expect(topology.caches.count { $0.level == 3 } == 1)
    #expect(topology.clusters.map(\.cpus) == [Array(0..<8)])
    #expect(topology.notes == ["who shares an L3 cache is unknown; assumed one for each package"])
  }

  @Test func `without CPUs in sysfs the machine has those that the process may use`() throws {
    let topology = try read(["proc/self/status": "Cpus_allowed_list:\t2-3,6"])
    #expect(topology.cpus.map(\.id) == [2, 3, 6] && topology.allowedCPUs == [2, 3, 6])
    #expect(topology.notes.contains("no CPUs in sysfs; assumed those that this process may use"))
  }

  @Test(arguments: [
    ("ff", [0, 1, 2, 3, 4, 5, 6, 7]), ("00000001,00000000", [32]), ("0000000f,80000000", [31, 32, 33, 34, 35]),
  ])
  func `a mask is read from its lowest group up`(text: String, cpus: [Int]) {
    #expect(parseCPUMask(text) == cpus)
  }

  @Test(arguments: ["", "0", "xyz", "123456789", "f,,f", "-1"])
  func `an invalid mask is unknown`(text: String) {
    #expect(parseCPUMask(text) == nil)
  }
}

struct TopologyPlacementTests {
  @Test func `compact fills a cluster, then a package, and uses SMT siblings last`() throws {
    let cpus = try twoSockets().cpus(for: .compact, threads: 10)
    #expect(cpus == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  }

  @Test func `scatter alternates packages, then clusters`() throws {
    let cpus = try twoSockets().cpus(for: .scatter, threads: 9)
    #expect(cpus == [0, 4, 2, 6, 1, 5, 3, 7, 8])
  }

  @Test func `only allowed CPUs are used`() throws {
    let topology = try twoSockets(allowed: "2-5,10")
    #expect(try topology.cpus(for: .compact, threads: 5) == [2, 3, 4, 5, 10])
    #expect(try topology.cpus(for: .scatter, threads: 2) == [2, 4])
  }

  @Test func `a core whose first thread is not allowed is used through its sibling`() throws {
    #expect(try twoSockets(allowed: "0,9").cpus(for: .compact, threads: 2) == [0, 9])
  }

  @Test func `a list is taken as given`() throws {
    #expect(try twoSockets().cpus(for: .list([9, 1, 4]), threads: 2) == [9, 1])
  }

  @Test func `more threads than allowed CPUs are not available, and the error names them`() throws {
    let topology = try twoSockets(allowed: "0-2,9")
    let error = try #require(throws: NotAvailable.self) { try topology.cpus(for: .compact, threads: 5) }
    #expect(error.description.contains("at most 4"))
    #expect(error.description.contains("0-2,9"))
  }

  @Test func `a missing CPU is not available, and a repeated one is bad input`() throws {
    let topology = try twoSockets()
    #expect(throws: NotAvailable.self) { try topology.cpus(for: .list([16]), threads: 1) }
    #expect(throws: InputError.self) { try topology.cpus(for: .list([0, 0]), threads: 1) }
  }

  @Test func `no threads is an error`() throws {
    let topology = try twoSockets()
    #expect(throws: InputError.self) { try topology.cpus(for: .compact, threads: 0) }
  }

  @Test(arguments: ["0-99999999999", "1000000", "9223372036854775807", "-", "1-", "a"])
  func `a list of impossible CPUs is refused`(text: String) {
    #expect(parseCPUList(text) == nil)
    #expect(CPUPlacement(text) == nil)
  }

  @Test(arguments: [([], ""), ([3], "3"), ([0, 1, 2, 5, 7, 8], "0-2,5,7-8")])
  func `CPU lists are written as the kernel does`(cpus: [Int], text: String) {
    #expect(formatCPUList(cpus) == text)
    #expect(parseCPUList(text) == cpus)
  }
}
