import Support
import TestSupport
import Testing

@testable import Profiler

/// Machines that researchers use, as Linux describes them.
private enum Machines {
  static let turin = topology("turin-2s")
  static let sapphireRapids = topology("sapphire-rapids-snc4")
  static let grace = topology("grace-superchip")

  private static func topology(_ name: String) -> Result<Topology, any Error> {
    Result { try FakeMachine(fixture: name).read { Topology.read(root: $0) } }
  }
}

@Suite(.slow) struct TurinTests {
  @Test func `two sockets of sixteen L3 clusters of eight cores`() throws {
    let topology = try Machines.turin.get()
    #expect(topology.notes.isEmpty)
    #expect(topology.packages == [0, 1])
    #expect(topology.cpus.count == 512)
    #expect(topology.coreCount == 256)
    #expect(topology.clusters.count == 32)
    #expect(topology.clusters.allSatisfy { $0.cpus.count == 16 && $0.cacheBytes == 32 << 20 })
    #expect(topology.clusters[17].cpus == Array(136...143) + Array(392...399))
    #expect(topology.cpu(400) == .init(id: 400, package: 1, cluster: 18, core: 144, thread: 1, node: 1))
    #expect(topology.nodes.map(\.distances) == [[10, 32], [32, 10]])
    let sizes: [Int?] = [48 << 10, 1 << 20, 32 << 20]
    #expect(topology.dataCaches(of: 300).map(\.sizeBytes) == sizes)
  }

  @Test func `scatter alternates the sockets, each time on another L3`() throws {
    let topology = try Machines.turin.get()
    let cpus = try topology.cpus(for: .scatter, threads: 36)
    #expect(Array(cpus.prefix(6)) == [0, 128, 8, 136, 16, 144])
    #expect(Set(cpus.prefix(32).compactMap { topology.cpu($0)?.cluster }).count == 32)
    // Every L3 has a thread now, so the second core of each follows.
    #expect(Array(cpus.suffix(4)) == [1, 129, 9, 137])
  }

  @Test func `one per L3 takes the first core of each CCD`() throws {
    let topology = try Machines.turin.get()
    #expect(topology.capacity(of: .onePerL3) == 32)
    #expect(try topology.cpus(for: .onePerL3, threads: 32) == stride(from: 0, to: 256, by: 8).map { $0 })
    let error = try #require(throws: NotAvailable.self) { try topology.cpus(for: .onePerL3, threads: 33) }
    #expect(error.description.contains("at most 32 threads for placement 'l3' (one per L3 cluster"))
  }

  @Test(arguments: [CPUPlacement.compact, .scatter]) func `SMT siblings come last`(placement: CPUPlacement) throws {
    let cpus = try Machines.turin.get().cpus(for: placement, threads: 512)
    #expect(Set(cpus.prefix(256)) == Set(0..<256))
    #expect(Set(cpus.suffix(256)) == Set(256..<512))
  }

  @Test func `compact fills a CCD, then the next one`() throws {
    #expect(try Machines.turin.get().cpus(for: .compact, threads: 20) == Array(0..<20))
  }
}

@Suite(.slow) struct SapphireRapidsTests {
  @Test func `an L3 may span four memory nodes`() throws {
    let topology = try Machines.sapphireRapids.get()
    #expect(topology.notes.isEmpty)
    #expect(topology.coreCount == 112)
    #expect(topology.clusters.map(\.cacheBytes) == [105 << 20, 105 << 20])
    #expect(topology.nodes.count == 8)
    #expect(topology.nodes[5].cpus == Array(70...83) + Array(182...195))
    #expect(topology.nodes[5].distances == [21, 21, 21, 21, 12, 10, 12, 12])
    #expect(topology.cpu(195) == .init(id: 195, package: 1, cluster: 1, core: 83, thread: 1, node: 5))
  }

  @Test func `scatter alternates the sockets, each time on another memory node`() throws {
    #expect(
      try Machines.sapphireRapids.get().cpus(for: .scatter, threads: 10)
        == [0, 56, 14, 70, 28, 84, 42, 98, 1, 57])
  }

  @Test func `one per L3 is one per socket`() throws {
    let topology = try Machines.sapphireRapids.get()
    #expect(topology.capacity(of: .onePerL3) == 2)
    #expect(try topology.cpus(for: .onePerL3, threads: 2) == [0, 56])
  }

  @Test func `compact fills a memory node, then the next one of the socket`() throws {
    #expect(try Machines.sapphireRapids.get().cpus(for: .compact, threads: 112) == Array(0..<112))
  }

  @Test func `the farthest node is on the other socket`() throws {
    let topology = try Machines.sapphireRapids.get()
    #expect(topology.remoteNode(of: 0) == 4)
    #expect(topology.remoteNode(of: 223) == 0)
    #expect(topology.localNode(of: 223) == 7)
  }
}

@Suite(.slow) struct GraceTests {
  @Test func `two chips of 72 cores without SMT`() throws {
    let topology = try Machines.grace.get()
    #expect(topology.notes.isEmpty)
    #expect(topology.coreCount == 144)
    #expect(!topology.hasSMT)
    #expect(topology.clusters.map(\.cacheBytes) == [114 << 20, 114 << 20])
    #expect(topology.nodes.map(\.distances) == [[10, 40], [40, 10]])
    #expect(topology.dataCaches(of: 100).map(\.ways) == [4, 8, 12])
  }

  @Test func `scatter alternates the chips`() throws {
    #expect(try Machines.grace.get().cpus(for: .scatter, threads: 5) == [0, 72, 1, 73, 2])
  }

  @Test func `one per L3 is one per chip`() throws {
    #expect(try Machines.grace.get().cpus(for: .onePerL3, threads: 2) == [0, 72])
  }
}
