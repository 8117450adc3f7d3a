import AccessStreams
import ArgumentParser
import Machines
import Simulation
import Support

/// `simulate`: exact simulation of a memory trace on a machine's caches.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Play a memory trace on a machine's caches and count hits, misses and write-backs.",
    discussion: """
      Counts are cache lines; a request that spans lines counts once per line. All levels are write-back with
      write-allocate; dirty lines still in a cache at the end are not written back.
      """)

  @Option(parsing: .upToNextOption, help: "Machines of the catalogue, or machine files; their caches are enough.")
  var machine: [String]

  @Option(help: "The trace file.")
  var trace: String

  @Option(help: "din (0|1 hexaddress [bytes]) or lackey (valgrind --trace-mem=yes). Default: as the first line looks.")
  var format: TraceFormat?

  @Option(help: "Page size of the data TLB, such as 4KiB or 2MiB, for machines that describe one.")
  var page = "4KiB"

  @Flag(help: "Print one JSON document.")
  var json = false

  func run() throws {
    guard let pageBytes = parseByteCount(page), TLBDescription.isPageSize(pageBytes) else {
      throw InputError(
        key: "--page",
        "expected a page size such as 4KiB or 2MiB, a power of two of at least 4KiB, found \(quote(page))")
    }
    let machines = try machine.map { try Machine.named($0) }
    let reader = try TraceReader(path: trace, format: format)
    let results: [SimulationResult]
    if reader.isStream {
      // The trace may be a pipe that can be read only once, so all machines take each access together.
      let runs = try machines.map { try MachineRun($0, pageBytes: pageBytes) }
      try reader.read(into: FanOut(runs.flatMap(\.sinks)))
      results = runs.map(\.result)
    } else {
      results = try concurrentMap(machines) { [trace, format] machine in
        let run = try MachineRun(machine, pageBytes: pageBytes)
        try TraceReader(path: trace, format: format).read(into: FanOut(run.sinks))
        return run.result
      }
    }
    // For one machine the document is the result itself, since scripts rely on its keys.
    if json, results.count == 1 { return try printJSON(results[0]) }
    if json { return try printJSON(["machines": results]) }
    for (machine, result) in zip(machines, results) {
      if results.count > 1 { print(printable(machine.name)) }
      result.printAsTable(lineBytes: machine.lineBytes)
    }
  }
}

extension TraceFormat: ExpressibleByArgument {}

/// A machine with the state of its simulation.
private struct MachineRun {
  private let machine: Machine
  private let simulator: CacheSimulator
  private let tlb: TLBSimulator?

  init(_ machine: Machine, pageBytes: Int) throws {
    self.machine = machine
    simulator = try CacheSimulator(machine: machine)
    tlb =
      machine.tlb.isEmpty ? nil : try TLBSimulator(machine.tlb, pageBytes: pageBytes, lineBytes: machine.lineBytes)
  }

  var sinks: [any AccessSink] { [simulator] + (tlb.map { [$0] } ?? []) }

  var result: SimulationResult { SimulationResult(machine: machine, counts: simulator.totalCounts, tlb: tlb) }
}

/// The output of `simulate`, with the keys that scripts rely on.
private struct SimulationResult: Encodable {
  struct Level: Encodable {
    var name: String
    var reads, writes, hits, misses, evictions, writebacks: UInt64
    /// Nil without levels that prefetch.
    var prefetches: Prefetches?
  }

  struct Prefetches: Encodable {
    var issued, useful, late: UInt64
  }

  /// Only for machines that describe a TLB.
  struct Translation: Encodable {
    struct Level: Encodable {
      var name: String
      var hits, misses: UInt64
    }

    var pageBytes: Int
    var levels: [Level]
    var walks: UInt64

    enum CodingKeys: String, CodingKey {
      case levels, walks
      case pageBytes = "page_bytes"
    }
  }

  struct Memory: Encodable {
    var reads, writes: UInt64
  }

  var machine: String
  var levels: [Level]
  var memory: Memory
  var accesses: UInt64
  var tlb: Translation?

  init(machine: Machine, counts: PhaseCounts, tlb: TLBSimulator?) {
    self.machine = machine.name
    levels = zip(machine.caches, counts.levels).map { cache, level in
      Level(
        name: cache.name, reads: level.reads, writes: level.writes, hits: level.hits, misses: level.misses,
        evictions: level.evictions, writebacks: level.writebacks,
        prefetches: cache.prefetcher.map { _ in
          Prefetches(issued: level.prefetches, useful: level.usefulPrefetches, late: level.latePrefetches)
        })
    }
    memory = Memory(reads: counts.memory.reads, writes: counts.memory.writes)
    accesses = counts.accesses
    self.tlb = tlb.map { tlb in
      Translation(
        pageBytes: tlb.pageBytes,
        levels: tlb.levels.map { Translation.Level(name: $0.name, hits: $0.hits, misses: $0.misses) }, walks: tlb.walks)
    }
  }

  func printAsTable(lineBytes: Int) {
    print("\(accesses) line accesses; all counts are lines of \(lineBytes) bytes\n")
    let rows = levels.map { level in
      [
        printable(level.name), "\(level.reads)", "\(level.writes)", "\(level.hits)", "\(level.misses)",
        percent(level.misses, of: level.hits + level.misses), "\(level.evictions)", "\(level.writebacks)",
      ]
    }
    printTable(
      ["level", "reads", "writes", "hits", "misses", "miss ratio", "evictions", "write-backs"],
      rows + [["memory", "\(memory.reads)", "\(memory.writes)", "", "", "", "", ""]])
    for level in levels {
      guard let prefetches = level.prefetches else { continue }
      print(
        "\n\(printable(level.name)) prefetches: \(prefetches.issued) issued, \(prefetches.useful) useful, "
          + "\(prefetches.late) late")
    }
    guard let tlb else { return }
    print("\ndata TLB, pages of \(formatByteCount(tlb.pageBytes)); an access is one line\n")
    printTable(
      ["level", "hits", "misses", "miss ratio"],
      tlb.levels.map {
        [printable($0.name), "\($0.hits)", "\($0.misses)", percent($0.misses, of: $0.hits + $0.misses)]
      })
    print("\n\(tlb.walks) page walks")
  }

  private func percent(_ part: UInt64, of whole: UInt64) -> String {
    guard whole > 0 else { return "-" }
    // Two decimals are enough to tell levels apart.
    let hundredths = (Double(part) / Double(whole) * 10_000).rounded()
    return "\(hundredths / 100) %"
  }
}
