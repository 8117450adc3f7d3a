import ArgumentParser
import Foundation
import Kernels
import Support

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Run a stored layer on its stored input and compare with the stored expectation.",
    discussion: """
      The file is a safetensors with `input` and `expected.output`. In fp32 the layer passes when max_abs_error is at \
      most 1e-5 x max(1, largest expected magnitude) and, for LookupFFN, every code is equal. In bf16 or int8 \
      the same holds for the errors and codes that rounding the tables, the projection, or the dense layer's operands, \
      does not explain (docs/reference/methods.md). Exit code 1 where it does not pass.
      """)

  @Argument(help: "The layer, a safetensors file.")
  var layer: String

  @Option(help: "Type of the look-up tables, all else being fp32; of a dense layer's products.")
  var dtype: TableType = .fp32

  @Option(help: "Type of a look-up's hash projection: fp32 or bf16.")
  var projectionDtype: HashType = .fp32

  @Option(help: "Instruction-set path; the widest that this CPU runs by default.")
  var isa: ISA = .best

  @Option(help: "Only the first tokens of the input.")
  var tokens: Int?

  @Flag(help: "Print one JSON document.")
  var json = false

  func run() throws {
    if let tokens, tokens < 1 { throw InputError(key: "--tokens", "expected at least 1, found \(tokens)") }
    let result = try verify(
      layer: layer, dtype: dtype, hashType: projectionDtype, isa: isa, tokens: tokens)
    if json {
      try printJSON(result)
    } else {
      let errors = String(format: "max_abs_error %.3g, max_rel_error %.3g", result.maxAbsError, result.maxRelError)
      let projection = result.projectionDtype.map { " projection \($0)" } ?? ""
      let share = result.codeMismatchShare.map { String(format: " (%.2g %%)", 100 * $0) } ?? ""
      let left = result.ambiguousTokens.map { ", \($0) tokens not compared" } ?? ""
      print(
        "\(result.passed ? "passed" : "FAILED"): \(result.kernel) \(result.dtype)\(projection) \(result.isa), "
          + "\(result.tokens) tokens, \(errors), \(result.codeMismatches) code mismatches\(share)\(left)")
    }
    if !result.passed { throw ExitStatus.failure.code }
  }
}

extension ISA: ExpressibleByArgument {}

extension TableType: ExpressibleByArgument {}

extension HashType: ExpressibleByArgument {}
