import AccessStreams
import Foundation
import Kernels

/// The functions of each stage in the AVX2 copy, all of which are leaves.
private let functionsOfStage = [
  "layer norm": ["layer_norm", "to_lanes"],
  "projection": ["block_product", "block_product_rows", "hadamard"],
  "code and score": ["score"],
  "gather": ["gather", "gather_bf16", "gather_int8"],
]

/// Exclusive instructions of each function, by its name, from a file of callgrind.
private func instructions(callgrind path: String) throws -> [String: Double] {
  var names: [Substring: String] = [:]
  var counts: [String: Double] = [:]
  var function = ""
  var isCallee = false
  for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
    if line.hasPrefix("fn=") || line.hasPrefix("cfn=") {
      // "(12) name" the first time, as caller or as callee, "(12)" from then on.
      let parts = line.drop { $0 != "(" }.split(separator: " ", maxSplits: 1)
      if parts.count == 2 { names[parts[0]] = String(parts[1]) }
      if line.hasPrefix("fn=") { function = names[parts[0]] ?? "" }
    } else if line.hasPrefix("calls=") {
      // The next line is the cost of the callee.
      isCallee = true
    } else if let first = line.first, first.isNumber || "+-*".contains(first) {
      let cost = line.split(separator: " ")
      if !isCallee, cost.count > 1, let count = Double(cost[1]) { counts[function, default: 0] += count }
      isCallee = false
    }
  }
  return counts
}

/// Compares the instructions that callgrind counted in the stages of each case with those that the model assumes.
///
/// The model's overheads beyond the definition's own operations are rounded constants for differing shapes, so they
/// may differ by a fifth.
func compareInstructions(callgrind paths: [String]) throws {
  let tolerance = 0.2
  guard paths.count == Case.all.count else {
    throw Mismatch(description: "expected \(Case.all.count) files of callgrind, found \(paths.count)")
  }
  var failed = 0
  for (example, path) in zip(Case.all, paths) {
    let counted = try instructions(callgrind: path)
    let task = LookupTask(
      shape: example.shape, tableType: example.tableType, isa: .avx2, team: WorkPartition(workers: 1),
      tokens: Case.tokens)
    for phase in task.phases(example.strategy) where !phase.isLibraryProduct {
      let functions = functionsOfStage[phase.name] ?? []
      // A library's first pass precedes the counted one.
      let passes = example.usesLibrary ? 2.0 : 1
      let real = functions.reduce(0) { $0 + (counted["\($1)_avx2"] ?? 0) } / passes
      let stated = phase.instructions(vectorBytes: Double(ISA.avx2.vectorLanes) * 4)
      let difference = real > 0 ? (stated - real) / real : .infinity
      let verdict = abs(difference) <= tolerance ? "ok" : "FAILED"
      if verdict != "ok" { failed += 1 }
      print(
        "\(verdict): \(example.name), \(phase.name): instructions: stated \(Int(stated)), counted \(Int(real)), "
          + String(format: "%+.1f %%", 100 * difference))
    }
  }
  if failed > 0 { throw Mismatch(description: "\(failed) counts differ by more than \(Int(tolerance * 100)) %") }
}
