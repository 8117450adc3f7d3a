import AccessStreams
import ArgumentParser
import Profiles
import Support

/// `mrc`: the miss ratio of every cache size at once, from one pass over a trace.
struct MissRatioCurveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mrc",
    abstract: "The miss ratio of a memory trace in LRU caches of every capacity, from one pass.",
    discussion: """
      Caches are fully associative. A point's ratio holds up to the next point's capacity; powers of two are always \
      among the points. A request that spans lines counts once per line; first accesses to a line are misses.
      """)

  @Option(help: "The trace file.")
  var trace: String

  @Option(help: "Bytes of a cache line.")
  var line = 64

  @Option(help: "Follow this share of all lines, above 0 and up to 1; 1 is exact.")
  var sample = 1.0

  @Option(help: "din (0|1 hexaddress [bytes]) or lackey (valgrind --trace-mem=yes). Default: as the first line looks.")
  var format: TraceFormat?

  @Flag(help: "Print one JSON document.")
  var json = false

  func run() throws {
    let profiler = try ReuseProfiler(lineBytes: line, sampling: sample == 1 ? .all : .rate(sample))
    try TraceReader(path: trace, format: format).read(into: profiler)
    let profile = profiler.profile
    guard profile.lineAccesses == 0 || !profile.curve.points.isEmpty else {
      throw InputError(
        file: trace, key: "--sample",
        "expected a rate that follows some line of the trace; \(sample) follows none of its \(profile.lineAccesses) line "
          + "accesses, so no ratio is known")
    }
    // 32 points an octave, which is all that a plot resolves: neighbours differ by 3 % in capacity.
    let result = CurveResult(
      lineBytes: profile.lineBytes, accesses: profile.lineAccesses,
      points: profile.curve.thinned(perOctave: 32).map { CurveResult.Point(lines: $0.lines, missRatio: $0.missRatio) })
    if json { try printJSON(result) } else { result.printAsTable() }
  }
}

/// The output of `mrc`, with the keys that scripts rely on.
private struct CurveResult: Encodable {
  struct Point: Encodable {
    var lines: Int
    var missRatio: Double

    enum CodingKeys: String, CodingKey {
      case lines
      case missRatio = "miss_ratio"
    }
  }

  var lineBytes: Int
  var accesses: UInt64
  var points: [Point]

  enum CodingKeys: String, CodingKey {
    case accesses, points
    case lineBytes = "line_bytes"
  }

  func printAsTable() {
    print("\(accesses) line accesses; lines of \(lineBytes) bytes, fully associative LRU\n")
    // A terminal shows the powers of two and the end; --json has all points.
    let shown = points.filter { $0.lines.nonzeroBitCount == 1 || $0.lines == points.last?.lines }
    printTable(
      ["lines", "capacity", "miss ratio"],
      shown.map { ["\($0.lines)", formatByteCount($0.lines * lineBytes), percent($0.missRatio)] })
  }

  private func percent(_ ratio: Double) -> String {
    // Two decimals are enough to tell capacities apart.
    "\((ratio * 10_000).rounded() / 100) %"
  }
}
