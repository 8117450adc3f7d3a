import ArgumentParser
import Foundation
import HostModel
import Kernels
import Measurement
import Profiler
import RunStore
import Support

struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Time the products of a dense layer with every library and core type, and show which is the baseline.",
    discussion: """
      Times every library found, with its own choice and with each core type that this CPU can run, in processes of \
      their own on one pinned thread. A run does the same for its own layers.
      """)

  @Option(help: "Features of a token.")
  var hidden = 512

  @Option(help: "Features between the two products.")
  var intermediate = 2048

  @Option(help: "Tokens of a product, of which at most the dense kernel's tile is used.")
  var tokens = DenseFFN.defaultTokenTile

  @Option(help: "Type of the products' operands; may be repeated; all by default.")
  var dtype: [TableType] = []

  @Option(
    name: .customLong("library"),
    help: "A BLAS or oneDNN library to try in addition to the known ones; may be repeated.")
  var libraries: [String] = []

  @Flag(help: "Print one JSON document: the rows of audit.csv, and the multiply-add peaks.")
  var json = false

  @Flag(help: "Measure although this is a debug build; the libraries' times still hold, the peaks are left out.")
  var allowDebug = false

  func run() throws {
    for (key, value) in [("--hidden", hidden), ("--intermediate", intermediate), ("--tokens", tokens)]
    where !(1...1 << 31).contains(value) {
      throw InputError(key: key, "expected at \(value < 1 ? "least 1" : "most \(1 << 31)"), found \(value)")
    }
    let available = AvailableMemory.read()
    for type in dtype.isEmpty ? TableType.allCases : dtype {
      let layer = AuditLayer.dense(hidden: hidden, intermediate: intermediate, tokens: tokens, dtype: type)
      for product in layer.products where product.memoryNeeded > CheckedSize(available?.bytes ?? .max) {
        throw InputError(
          key: "\(type.rawValue) product \(product.argument)",
          "needs \(product.memoryNeeded.bytesText) of memory, more than is available by "
            + (available?.limit ?? "this machine"))
      }
    }
    guard BuildConfiguration.current == .release || allowDebug else { throw DebugBuild() }
    for variable in LibraryVariables.found() {
      printMessage("cleared \(variable.name)=\(variable.value), which would steer a numerical library")
    }
    let types = dtype.isEmpty ? TableType.allCases : dtype
    let (peaks, missing) = BuildConfiguration.current == .release ? try Calibration.multiplyAddPeaks() : ([:], [:])
    let layers = types.map {
      AuditLayer.dense(hidden: hidden, intermediate: intermediate, tokens: tokens, dtype: $0)
    }
    let audit = BaselineAudit(
      layers, candidates: LibraryCandidates.all(paths: libraries), peaks: peaks, progress: { printMessage($0) })
    if json { return try printJSON(AuditDocument(peaks: peaks, rows: audit.rows)) }
    printRows(audit.rows)
    for type in types {
      if let peak = peaks[type] {
        print("multiply-add peak of one thread, \(type.rawValue): \(String(format: "%.1f", peak)) G/s")
      } else {
        print("multiply-add peak, \(type.rawValue): not measured, \(missing[type] ?? "a debug build")")
      }
    }
    printWarnings(audit.rows)
    if audit.winners.isEmpty { throw ExitStatus.failure.code }
  }

  /// Warns of a baseline below its healthy share of the peak, which flatters every speed-up.
  private func printWarnings(_ rows: [AuditRow]) {
    for row in rows where row.chosen {
      guard let fraction = row.fractionOfFMAPeak, fraction < BaselineAudit.healthyFraction else { continue }
      print(
        "warning: the best for \(row.shape ?? "") in \(row.dtype?.rawValue ?? "") reaches only "
          + "\(String(format: "%.1f %%", fraction * 100)) of the measured peak: speed-ups against it flatter the look-ups"
      )
    }
  }

  private func printRows(_ rows: [AuditRow]) {
    func number(_ value: Double?, _ format: String) -> String { value.map { String(format: format, $0) } ?? "-" }
    let timed = rows.filter { $0.layer != nil }
    printTable(
      ["dtype", "library", "core type", "forced", "m x n x k", "GFLOP/s", "of FMA peak", "chosen"],
      timed.map {
        [
          $0.dtype?.rawValue ?? "-", [$0.library, $0.version].compactMap { $0 }.joined(separator: " "),
          $0.coreType ?? "-",
          $0.coreTypeAsked == nil ? "" : "yes", $0.shape ?? "-", number($0.gigaflopPerSecond, "%.1f"),
          number($0.fractionOfFMAPeak.map { $0 * 100 }, "%.1f %%"), $0.chosen ? "*" : "",
        ]
      })
    for row in rows where row.layer == nil {
      let what = [row.library, row.version, row.coreType].compactMap { $0 }.joined(separator: " ")
      print("\(what), \(row.dtype?.rawValue ?? ""): \(row.reason ?? "not timed")")
    }
  }
}

private struct AuditDocument: Encodable {
  var peaks: [TableType: Double]
  var rows: [AuditRow]

  enum CodingKeys: String, CodingKey {
    case fp32 = "fma_peak_gflop_per_s"
    case bf16 = "bf16_peak_gflop_per_s"
    case int8 = "int8_peak_gop_per_s"
    case rows
  }

  func encode(to encoder: Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(peaks[.fp32], forKey: .fp32)
    try container.encode(peaks[.bf16], forKey: .bf16)
    try container.encode(peaks[.int8], forKey: .int8)
    try container.encode(rows, forKey: .rows)
  }
}

/// The hidden verb that an audit starts for each candidate.
struct AuditCandidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: CandidateProcess.verb, abstract: "Time one library; prints JSON.", shouldDisplay: false)

  @Argument(help: "The library, a path or a name for the dynamic loader.")
  var library: String

  @Option(help: "The core type to force.")
  var coreType: String?

  @Option(name: .customLong("product"), help: "A product, as MxNxK or MxNxK:DTYPE:FINISH; may be repeated.")
  var products: [String] = []

  func run() throws {
    let shapes = try products.map { text in
      guard let shape = ProductShape(argument: text) else {
        throw InputError(key: "--product", "expected MxNxK or MxNxK:DTYPE:FINISH[:rounded], found '\(text)'")
      }
      return shape
    }
    try printJSON(CandidateReport.measure(LibraryCandidate(file: library, coreType: coreType), shapes))
  }
}
