import Support
import TestSupport
import Testing

@testable import Profiler

@Suite(.process, .machine) struct PlacedMemoryTests {
  let topology = Topology.read()

  @Test func `touched base pages are all resident, on one node, and 4k`() throws {
    let memory = try PlacedMemory(bytes: 1 << 20, pages: .base)
    try memory.touch()
    let report = memory.verify()
    #expect(report.pageCount == 256)
    #expect(report.queriedPages == 256)
    #expect(!report.isSampled)
    #expect(report.obtainedPages == .base)
    #expect(report.hugeFraction == 0)
    if let nodes = report.pagesPerNode {
      #expect(nodes.values.reduce(0, +) == 256)
      #expect(report.untouchedPages == 0)
    } else {
      #expect(!report.notes.isEmpty)
    }
  }

  @Test func `untouched memory lies on no node`() throws {
    let report = try PlacedMemory(bytes: 64 << 10).verify()
    #expect(report.obtainedPages == nil)
    #expect(report.hugeFraction == nil)
    if report.pagesPerNode != nil { #expect(report.untouchedPages == 16) }
  }

  @Test func `together workers touch all pages, even where they do not divide evenly`() throws {
    let cpu = topology.allowedCPUs[0]
    let pool = try PinnedPool(cpus: [cpu, cpu, cpu])
    let memory = try PlacedMemory(bytes: 100 * 4096)
    try memory.touch(by: pool)
    if let untouched = memory.verify().untouchedPages { #expect(untouched == 0) }
  }

  @Test func `one worker can touch everything`() throws {
    let cpu = topology.allowedCPUs[0]
    let pool = try PinnedPool(cpus: [cpu, cpu])
    let memory = try PlacedMemory(bytes: 10 * 4096)
    try memory.touch(by: pool, thread: 1)
    if let untouched = memory.verify().untouchedPages { #expect(untouched == 0) }
  }

  @Test func `touching keeps what is there`() throws {
    let memory = try PlacedMemory(bytes: 8192)
    let bytes = memory.bind(to: UInt8.self, count: 8192)
    bytes[0] = 7
    bytes[4096] = 9
    try memory.touch()
    #expect(bytes[0] == 7)
    #expect(bytes[4096] == 9)
  }

  @Test func `transparent huge pages are aligned and, where the kernel allows them, obtained`() throws {
    let memory = try PlacedMemory(bytes: 3 << 20, pages: .transparentHuge)
    try memory.touch()
    #expect(memory.byteCount == 4 << 20)
    #expect(UInt(bitPattern: memory.base) % UInt(hugePageBytes) == 0)
    let report = memory.verify()
    // The obtained kind depends on the machine; a difference must be reported.
    #expect(report.obtainedPages == .transparentHuge || !report.notes.isEmpty)
  }

  @Test func `hugetlb pages are obtained, or refused with the way to reserve them`() throws {
    do {
      let memory = try PlacedMemory(bytes: 1, pages: .huge)
      try memory.touch()
      #expect(memory.verify().obtainedPages == .huge)
    } catch let error as SystemError {
      #expect(error.description.contains("vm.nr_hugepages"))
    }
  }

  @Test func `a large mapping is sampled, and says so`() throws {
    let memory = try PlacedMemory(bytes: 100 * 4096)
    try memory.touch()
    let report = memory.verify(sampleLimit: 10)
    #expect(report.isSampled)
    #expect(report.queriedPages == 10)
    if let nodes = report.pagesPerNode {
      #expect(nodes.values.reduce(0, +) == 10)
      #expect(report.notes.contains { $0.contains("10 of 100") })
    }
  }

  @Test func `a node that does not exist is an error`() {
    #expect(throws: NotAvailable.self) { try PlacedMemory(bytes: 4096, policy: .node(4095)) }
  }

  @Test func `pages bound to a node lie there`() throws {
    let node = try #require(topology.allowedNodes.first)
    let memory = try PlacedMemory(bytes: 1 << 20, policy: .node(node))
    try memory.touch()
    let report = memory.verify()
    if let nodes = report.pagesPerNode, !report.notes.contains(where: { $0.hasPrefix("mbind") }) {
      #expect(nodes == [node: 256])
    }
  }

  @Test func `interleaving spreads pages over the nodes, or says that there is only one`() throws {
    let memory = try PlacedMemory(bytes: 1 << 20, policy: .interleave)
    try memory.touch()
    let report = memory.verify()
    if topology.allowedNodes.count > 1 {
      if let nodes = report.pagesPerNode { #expect(nodes.count > 1 || !report.notes.isEmpty) }
    } else {
      #expect(report.notes.contains { $0.contains("interleave is the same as local") })
    }
  }

  @Test func `more memory than the machine has is refused before the kernel kills a process`() {
    #expect(throws: SystemError.self) { try PlacedMemory(bytes: 1 << 50) }
    #expect(throws: SystemError.self) { try PlacedMemory(bytes: Int.max) }
  }

  @Test func `a view that does not fit, zero bytes and a missing thread end the program`() async {
    await #expect(processExitsWith: .failure) { _ = try PlacedMemory(bytes: 4096).bind(to: Double.self, count: 513) }
    await #expect(processExitsWith: .failure) {
      _ = try PlacedMemory(bytes: 4096).bind(to: Double.self, count: 1, offset: 4)
    }
    await #expect(processExitsWith: .failure) {
      _ = try PlacedMemory(bytes: 4096).bind(to: UInt8.self, count: 1, offset: .max)
    }
    await #expect(processExitsWith: .failure) { _ = try PlacedMemory(bytes: 0) }
    await #expect(processExitsWith: .failure) {
      let cpu = Topology.read().allowedCPUs[0]
      try PlacedMemory(bytes: 4096).touch(by: PinnedPool(cpus: [cpu, cpu]), thread: 2)
    }
  }
}

@Suite(.process, .machine) struct MappingUsageTests {
  private let smaps = """
    7f0000000000-7f0000200000 rw-p 00000000 00:00 0
    Size:               2048 kB
    KernelPageSize:        4 kB
    Rss:                2048 kB
    AnonHugePages:      2048 kB
    Private_Hugetlb:       0 kB
    VmFlags: rd wr mr mw me ac
    7f0000200000-7f0000600000 rw-p 00000000 00:00 0 [anon: x]
    Rss:                   0 kB
    AnonHugePages:         0 kB
    Private_Hugetlb:    4096 kB
    7f0000600000-7f0000700000 r--p 00000000 00:00 0
    Rss:                 512 kB
    """

  @Test func `only mappings inside the range count`() {
    let usage = MappingUsage(smaps: smaps, range: 0x7f00_0000_0000..<0x7f00_0060_0000)
    #expect(usage.transparentHugeBytes == 2 << 20)
    #expect(usage.hugetlbBytes == 4 << 20)
    #expect(usage.residentBytes == 6 << 20)
  }

  @Test func `a range without mappings is empty`() {
    #expect(MappingUsage(smaps: smaps, range: 0..<4096).residentBytes == 0)
  }
}
