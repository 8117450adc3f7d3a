import ArgumentParser
import Foundation
import Profiler
import Support

struct TopologyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "topology",
    abstract: "Show packages, L3 clusters, cores, SMT siblings, caches and NUMA nodes.")

  @Option(help: "Describe the machine whose /sys and /proc lie here, such as a copy from a cluster's node.")
  var root = "/"

  @Flag(help: "Print one JSON document.")
  var json = false

  func run() throws {
    guard FileManager.default.fileExists(atPath: "\(root)/sys/devices/system/cpu") else {
      throw InputError(file: root, "expected a directory that holds sys/devices/system/cpu")
    }
    let topology = Topology.read(root: root)
    if json { return try printJSON(topology) }
    print(
      "\(topology.packages.count) packages, \(topology.clusters.count) L3 clusters, \(topology.coreCount) cores, "
        + "\(topology.cpus.count) CPUs (SMT \(topology.hasSMT ? "on" : "off or absent")), "
        + "allowed: \(formatCPUList(topology.allowedCPUs))\n")
    printTable(
      ["cluster", "package", "cpus", "last-level cache"],
      topology.clusters.map { cluster in
        [
          "L3 \(cluster.id)", "\(cluster.package)", formatCPUList(cluster.cpus),
          cluster.cacheBytes.map(formatByteCount) ?? "not known",
        ]
      })
    print("")
    printTable(
      ["cache", "size", "ways", "sets", "line", "instances", "shared by"], cacheRows(topology))
    print("")
    printTable(
      ["node", "cpus", "memory", "distances"],
      topology.nodes.map { node in
        [
          "node \(node.id)", formatCPUList(node.cpus), node.memoryBytes.map(formatByteCount) ?? "not known",
          node.distances.map(String.init).joined(separator: " "),
        ]
      })
    for note in topology.notes { print("note: \(note)") }
  }

  /// One row for each kind of cache, since a server has hundreds of caches.
  private func cacheRows(_ topology: Topology) -> [[String]] {
    var kinds: [(key: [String], instances: Int)] = []
    for cache in topology.caches {
      let size = cache.sizeBytes.map(formatByteCount) ?? "not known"
      let line = cache.lineBytes.map(formatByteCount) ?? "-"
      let ways = cache.ways.map { "\($0)" } ?? "-"
      let sets = cache.sets.map { "\($0)" } ?? "-"
      let name = "L\(cache.level) \(cache.type.lowercased())"
      let key: [String] = [name, size, ways, sets, line, "\(cache.sharedCPUs.count) CPUs"]
      if let index = kinds.firstIndex(where: { $0.key == key }) {
        kinds[index].instances += 1
      } else {
        kinds.append((key, 1))
      }
    }
    return kinds.map { kind -> [String] in kind.key.dropLast() + ["\(kind.instances)", kind.key.last ?? ""] }
  }
}
