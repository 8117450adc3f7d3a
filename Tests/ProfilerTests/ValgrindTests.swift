import Foundation
import Support
import TestSupport
import Testing

@testable import Profiler

struct ValgrindTests {
  private let caches = ValgrindCaches(
    instruction: ValgrindCaches.Cache(bytes: 32 << 10, ways: 8, lineBytes: 64),
    first: ValgrindCaches.Cache(bytes: 48 << 10, ways: 12, lineBytes: 64),
    last: ValgrindCaches.Cache(bytes: 32 << 20, ways: 16, lineBytes: 64))

  @Test
  func `the command line names the caches, heeds no settings of the user, and counts nothing before it is told to`() {
    let arguments = Valgrind(executable: "/usr/bin/valgrind").arguments(
      caches: caches, output: "/tmp/50% full/out", program: ["/tmp/tool", "run-counted"])
    #expect(arguments.first == "--command-line-only=yes")
    #expect(arguments.contains("--D1=49152,12,64"))
    #expect(arguments.contains("--LL=33554432,16,64"))
    #expect(arguments.contains("--instr-atstart=no") && arguments.contains("--collect-atstart=no"))
    // Valgrind would take "% f" for a format.
    #expect(arguments.contains("--callgrind-out-file=/tmp/50%% full/out"))
    #expect(arguments.suffix(2) == ["/tmp/tool", "run-counted"])
  }

  @Test func `a machine without valgrind says how to get it`() {
    #expect {
      try Valgrind.installed(searchPath: "/nonexistent:/also/nonexistent")
    } throws: { error in
      error is NotAvailable && ("\(error)".contains("apt-get install valgrind") || "\(error)".contains("x86-64"))
    }
  }

  #if arch(x86_64)
    @Test func `the first valgrind in the path that can be run is taken`() throws {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lookahead-\(UUID().uuidString)").path
      defer { try? FileManager.default.removeItem(atPath: folder) }
      for (name, mode) in [("a", 0o644), ("b", 0o755)] {
        try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        _ = FileManager.default.createFile(
          atPath: "\(folder)/\(name)/valgrind", contents: Data(), attributes: [.posixPermissions: mode])
      }
      try FileManager.default.createDirectory(atPath: "\(folder)/c/valgrind", withIntermediateDirectories: true)
      let found = try Valgrind.installed(searchPath: "\(folder)/c:\(folder)/a:\(folder)/b")
      #expect(found.executable == "\(folder)/b/valgrind")
    }
  #endif

  @Test func `events of valgrind's groups are checked against those that callgrind has`() throws {
    let group = try CounterGroup(
      yaml: YAMLValue(
        text: "{name: g, description: d, pmu: valgrind, events: ['valgrind::Ir', 'valgrind::L2mr']}", file: "g.yaml"))
    let checks = EventCheck.check(group)
    #expect(checks.map(\.status) == [.encodes, .wrong])
    #expect(checks[1].detail.contains("D1mr"))
  }

  @Test func `valgrind's group is checked, and tells traffic`() throws {
    let group = try CounterGroup.load(Valgrind.group)
    #expect(group.isValgrinds)
    #expect(EventCheck.check(group).allSatisfy { $0.status == .encodes })
    #expect(
      Set(group.traffic.map(\.quantity))
        == [.instructions, .loads, .stores, .l1Fills, .memoryReads, .memoryWrites])
  }
}

struct CallgrindTotalsTests {
  private func totals(_ text: String) throws -> CallgrindTotals {
    try CallgrindTotals(text: text, file: "callgrind.out")
  }

  private func complaint(_ text: String) -> String? {
    do {
      _ = try totals(text)
      return nil
    } catch { return "\(error)" }
  }

  private let head = "# callgrind format\nversion: 1\ncreator: callgrind-3.19.0\npid: 7\ncmd:  a b\npart: 1\n"

  @Test func `totals are those of the last line, and zeros that it leaves out are 0`() throws {
    let text = head + "events: Ir Dr Dw Bc Bi\nsummary: 0\n\nfn=(1) main\n0 5 6\n\ntotals: 71224212 24853120 2395238\n"
    let totals = try totals(text)
    #expect(totals.creator == "callgrind-3.19.0")
    #expect(totals.counts == ["Ir": 71_224_212, "Dr": 24_853_120, "Dw": 2_395_238, "Bc": 0, "Bi": 0])
  }

  @Test func `a file that ends early, another tool's, and one with other words for numbers are refused`() {
    #expect(complaint(head + "events: Ir Dr\nfn=(1) main\n0 5 6\n")?.contains("truncated") == true)
    #expect(complaint("desc: I1 cache\ncmd: a\nevents: Ir\nsummary: 5\n")?.contains("creator: callgrind") == true)
    #expect(complaint("")?.contains("creator: callgrind") == true)
    #expect(complaint(head + "totals: 5\n")?.contains("'events:'") == true)
    #expect(
      complaint(head + "events: Ir Dr\ntotals: 5 many\n")?.contains("callgrind.out:8: expected a number for Dr") == true
    )
    #expect(complaint(head + "events: Ir Dr\ntotals: 5 -6\n")?.contains("number for Dr") == true)
    #expect(complaint(head + "events: Ir\ntotals: 5 6\n")?.contains("at most 1 totals") == true)
  }
}

struct ValgrindCachesTests {
  private func nearest(_ bytes: Int, _ ways: Int) -> ValgrindCaches.Cache {
    ValgrindCaches.nearest(to: ValgrindCaches.Cache(bytes: bytes, ways: ways, lineBytes: 64))
  }

  @Test(arguments: [(32 << 10, 8), (48 << 10, 12), (32 << 20, 16), (1 << 20, 16), (12 << 20, 12)])
  func `caches with a power of two of sets are simulated as they are`(bytes: Int, ways: Int) {
    #expect(nearest(bytes, ways) == ValgrindCaches.Cache(bytes: bytes, ways: ways, lineBytes: 64))
  }

  @Test func `a size of three times a power of two keeps its size, in other ways`() {
    // 96 MiB in 16 ways would have 98,304 sets; in 12 ways they are 131,072.
    #expect(nearest(96 << 20, 16) == ValgrindCaches.Cache(bytes: 96 << 20, ways: 12, lineBytes: 64))
  }

  @Test(arguments: [(33 << 20, 11), (105 << 20, 15), (36_608 << 10, 11), (22 << 20, 11)])
  func `any other size is met within 4 %`(bytes: Int, ways: Int) {
    let cache = nearest(bytes, ways)
    #expect(abs(Double(cache.bytes) / Double(bytes) - 1) <= 0.04)
    #expect((max(1, ways / 2)...2 * ways).contains(cache.ways))
    let sets = cache.bytes / cache.ways / 64
    #expect(sets & (sets - 1) == 0 && sets * cache.ways * 64 == cache.bytes)
  }

  private func topology(_ caches: [(level: Int, type: String, bytes: Int?, ways: Int)]) -> Topology {
    Topology(
      cpus: [], clusters: [], nodes: [],
      caches: caches.map {
        Topology.Cache(
          level: $0.level, type: $0.type, sizeBytes: $0.bytes, ways: $0.ways, lineBytes: 64, sets: nil, sharedCPUs: [0])
      }, allowedCPUs: [0], allowedNodes: [], notes: [])
  }

  @Test func `the first and the last level are this machine's, and what differs is said`() throws {
    let caches = try ValgrindCaches(
      topology([
        (1, "Data", 32 << 10, 8), (1, "Instruction", 64 << 10, 4), (2, "Unified", 512 << 10, 8),
        (3, "Unified", 96 << 20, 16),
      ]), cpu: 0)
    #expect(caches.first.bytes == 32 << 10 && caches.instruction.bytes == 64 << 10 && caches.last.ways == 12)
    #expect(caches.notes.count == 2)
    #expect(caches.notes.contains { $0.contains("16 ways, simulated as 96MiB in 12 ways") })
    #expect(caches.notes.contains { $0.contains("of 3 levels") })
  }

  @Test func `caches that the kernel does not describe are not made up`() {
    for caches in [[], [(1, "Data", 32 << 10, 8)], [(1, "Data", nil, 8), (2, "Unified", 1 << 20, 8)]]
      as [[(level: Int, type: String, bytes: Int?, ways: Int)]]
    {
      #expect(throws: NotAvailable.self) { try ValgrindCaches(topology(caches), cpu: 0) }
    }
  }
}
