import ArgumentParser
import Foundation
import InputFiles
import Kernels

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Run a stored layer on its stored input and compare with the stored expectation.",
    discussion: """
      The file is a safetensors with `input` and `expected.output`. In fp32 the layer passes when max_abs_error is at \
      most 1e-5 x max(1, largest expected magnitude) and, for LookupFFN, every code is equal. With bf16 or int8 tables \
      the same holds for the error that rounding the tables does not explain (docs/METHODS.md). Exit code 1 where it \
      does not pass.
      """)

  @Argument(help: "The layer, a safetensors file.")
  var layer: String

  @Option(help: "Type of the look-up tables; all else is fp32.")
  var dtype: TableType = .fp32

  @Option(help: "Instruction-set path; the widest that this CPU runs by default.")
  var isa: ISA = .best

  @Flag(help: "Print one JSON document.")
  var json = false

  func run() throws {
    let result = try verify(layer: layer, dtype: dtype, isa: isa)
    if json {
      try printJSON(result)
    } else {
      let errors = String(format: "max_abs_error %.3g, max_rel_error %.3g", result.maxAbsError, result.maxRelError)
      print(
        "\(result.passed ? "passed" : "FAILED"): \(result.kernel) \(result.dtype) \(result.isa), "
          + "\(result.tokens) tokens, \(errors), \(result.codeMismatches) code mismatches")
    }
    if !result.passed { throw ExitStatus.failure.code }
  }
}

extension ISA: ExpressibleByArgument {}

extension TableType: ExpressibleByArgument {}
