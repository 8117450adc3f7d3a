import Foundation
import Kernels
import Machines
import Support

// Proves that the streams that the model plays are those of the code that runs: see scripts/test-streams.
//
//   StreamProof run                        runs every case once, on memory at known addresses; to be traced
//   StreamProof run-first                  the first case alone, which loads no library
//   StreamProof cases                      says how many cases there are
//   StreamProof run-case N                 the case of that number, from 0
//   StreamProof streams TRACE              compares each case's trace with the stream that its kernel states
//   StreamProof streams-first TRACE        the same of the first case alone
//   StreamProof caches TRACE CACHEGRIND    compares simulated D1 and LL counts with cachegrind's of the same run
//   StreamProof instructions CALLGRIND...  compares each case's instructions with those that the model takes for it

do {
  switch CommandLine.arguments.dropFirst().first {
  case "run": try run(Case.all)
  case "run-first": try run(Case.all.prefix(1))
  case "cases": print(Case.all.count)
  case "run-case" where CommandLine.arguments.count == 3:
    guard let number = Int(CommandLine.arguments[2]), Case.all.indices.contains(number) else {
      throw Mismatch(description: "expected a case from 0 to \(Case.all.count - 1), found \(CommandLine.arguments[2])")
    }
    try run(Case.all[number...number])
  case "instructions": try compareInstructions(callgrind: Array(CommandLine.arguments.dropFirst(2)))
  case "streams" where CommandLine.arguments.count == 3:
    try compareStreams(of: Case.all, trace: CommandLine.arguments[2])
  case "streams-first" where CommandLine.arguments.count == 3:
    try compareStreams(of: Case.all.prefix(1), trace: CommandLine.arguments[2])
  case "caches" where CommandLine.arguments.count == 4:
    try compareCaches(trace: CommandLine.arguments[2], cachegrind: CommandLine.arguments[3])
  default:
    print(
      "usage: StreamProof run | run-first | cases | run-case N | streams TRACE | streams-first TRACE | caches TRACE CACHEGRIND | instructions FILE..."
    )
    exit(64)
  }
} catch {
  print("StreamProof: \(error)")
  exit(1)
}
