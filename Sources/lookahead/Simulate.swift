import ArgumentParser
import CacheModel

/// `simulate`: a memory trace on a machine's caches, exactly.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Play a memory trace on a machine's caches and count hits, misses and write-backs.",
    discussion: """
      Counts are cache lines; a request that spans lines counts once per line. All levels are write-back with
      write-allocate; dirty lines still in a cache at the end are not written back.
      """)

  @Option(help: "A machine of the catalogue, or a machine file; its caches are enough.")
  var machine: String

  @Option(help: "The trace file.")
  var trace: String

  @Option(help: "din (0|1 hexaddress [bytes]) or lackey (valgrind --trace-mem=yes). Default: as the first line looks.")
  var format: TraceFormat?

  @Flag(help: "Print one JSON document.")
  var json = false

  func run() throws {
    let machine = try Machine.named(machine)
    let simulator = try CacheSimulator(machine: machine)
    try TraceReader(path: trace, format: format).read(into: simulator)
    let result = SimulationResult(names: machine.caches.map(\.name), counts: simulator.totalCounts)
    if json { try printJSON(result) } else { result.printAsTable(lineBytes: machine.lineBytes) }
  }
}

extension TraceFormat: ExpressibleByArgument {}

/// What `simulate` reports, under the keys that scripts rely on.
private struct SimulationResult: Encodable {
  struct Level: Encodable {
    var name: String
    var reads, writes, hits, misses, evictions, writebacks: UInt64
  }

  struct Memory: Encodable {
    var reads, writes: UInt64
  }

  var levels: [Level]
  var memory: Memory
  var accesses: UInt64

  init(names: [String], counts: PhaseCounts) {
    levels = zip(names, counts.levels).map { name, level in
      Level(
        name: name, reads: level.reads, writes: level.writes, hits: level.hits, misses: level.misses,
        evictions: level.evictions, writebacks: level.writebacks)
    }
    memory = Memory(reads: counts.memory.reads, writes: counts.memory.writes)
    accesses = counts.accesses
  }

  func printAsTable(lineBytes: Int) {
    print("\(accesses) line accesses; all counts are lines of \(lineBytes) bytes\n")
    let rows = levels.map { level in
      [
        level.name, "\(level.reads)", "\(level.writes)", "\(level.hits)", "\(level.misses)",
        percent(level.misses, of: level.hits + level.misses), "\(level.evictions)", "\(level.writebacks)",
      ]
    }
    printTable(
      ["level", "reads", "writes", "hits", "misses", "miss ratio", "evictions", "write-backs"],
      rows + [["memory", "\(memory.reads)", "\(memory.writes)", "", "", "", "", ""]])
  }

  private func percent(_ part: UInt64, of whole: UInt64) -> String {
    guard whole > 0 else { return "-" }
    // Two decimals: enough to tell levels apart, few enough to read.
    let hundredths = (Double(part) / Double(whole) * 10_000).rounded()
    return "\(hundredths / 100) %"
  }
}
