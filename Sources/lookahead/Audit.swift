import ArgumentParser
import Experiments
import Foundation
import InputFiles
import Kernels
import Profiler

struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Time every library and core type for the products of a dense layer, and say which is the baseline.",
    discussion: """
      Every library found, left alone and with each core type that this CPU can run, each in a process of its own, on \
      one pinned thread. A run does the same for its own layers.
      """)

  @Option(help: "Features of a token.")
  var hidden = 512

  @Option(help: "Features between the two products.")
  var intermediate = 2048

  @Option(help: "Tokens of a product; at most the dense kernel's tile counts.")
  var tokens = DenseFFN.defaultTokenTile

  @Option(
    name: .customLong("library"), help: "A BLAS or oneDNN library to try besides the known ones; may be repeated.")
  var libraries: [String] = []

  @Flag(help: "Print one JSON document: the rows of audit.csv, and the multiply-add peak.")
  var json = false

  @Flag(help: "Measure although this is a debug build; the libraries' times still hold, the peak is left out.")
  var allowDebug = false

  func run() throws {
    for (key, value) in [("--hidden", hidden), ("--intermediate", intermediate), ("--tokens", tokens)] where value < 1 {
      throw InputError(key: key, "expected at least 1, found \(value)")
    }
    guard BuildConfiguration.current == .release || allowDebug else { throw DebugBuild() }
    for variable in LibraryVariables.found() {
      printMessage("cleared \(variable.name)=\(variable.value), which would steer a numerical library")
    }
    let peak = BuildConfiguration.current == .release ? try multiplyAddPeak() : nil
    let layer = AuditLayer.dense(hidden: hidden, intermediate: intermediate, tokens: tokens)
    let audit = BaselineAudit(
      [layer], candidates: LibraryCandidates.all(paths: libraries), peak: peak, progress: { printMessage($0) })
    if json { return try printJSON(AuditDocument(peak: peak, rows: audit.rows)) }
    printRows(audit.rows, peak: peak)
    if audit.winners.isEmpty { throw ExitStatus.failure.code }
  }

  private func multiplyAddPeak() throws -> Double? {
    let pool = try PinnedPool(cpus: Topology.read().cpus(for: .compact, threads: 1))
    return Statistics(try MicroBenchmarks.multiplyAddPeak(pool: pool).samples)?.median
  }

  private func printRows(_ rows: [AuditRow], peak: Double?) {
    func number(_ value: Double?, _ format: String) -> String { value.map { String(format: format, $0) } ?? "-" }
    let timed = rows.filter { $0.layer != nil }
    printTable(
      ["library", "core type", "forced", "m x n x k", "GFLOP/s", "of FMA peak", "chosen"],
      timed.map {
        [
          [$0.library, $0.version].compactMap { $0 }.joined(separator: " "), $0.coreType ?? "-",
          $0.coreTypeAsked == nil ? "" : "yes", $0.shape ?? "-", number($0.gigaflopPerSecond, "%.1f"),
          number($0.fractionOfFMAPeak.map { $0 * 100 }, "%.1f %%"), $0.chosen ? "*" : "",
        ]
      })
    print("multiply-add peak of one thread: \(number(peak, "%.1f")) GFLOP/s")
    for row in rows where row.layer == nil {
      let what = [row.library, row.version, row.coreType].compactMap { $0 }.joined(separator: " ")
      print("\(what): \(row.reason ?? "not timed")")
    }
  }
}

private struct AuditDocument: Encodable {
  var peak: Double?
  var rows: [AuditRow]

  enum CodingKeys: String, CodingKey {
    case peak = "fma_peak_gflop_per_s"
    case rows
  }

  func encode(to encoder: Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(peak, forKey: .peak)
    try container.encode(rows, forKey: .rows)
  }
}

/// The process that an audit starts for each candidate.
struct AuditCandidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: CandidateProcess.verb, abstract: "Time one library; prints JSON.", shouldDisplay: false)

  @Argument(help: "The library, a path or a name for the dynamic loader.")
  var library: String

  @Option(help: "The core type to force.")
  var coreType: String?

  @Option(name: .customLong("product"), help: "A product, as MxNxK; may be repeated.")
  var products: [String] = []

  func run() throws {
    let shapes = try products.map { text in
      let numbers = text.split(separator: "x").compactMap { Int($0) }
      guard numbers.count == 3, numbers.allSatisfy({ $0 >= 1 }) else {
        throw InputError(key: "--product", "expected MxNxK, found '\(text)'")
      }
      return ProductShape(m: numbers[0], n: numbers[1], k: numbers[2])
    }
    try printJSON(CandidateReport.measure(LibraryCandidate(file: library, coreType: coreType), shapes))
  }
}
