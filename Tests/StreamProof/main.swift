import CacheModel
import Foundation
import InputFiles
import Kernels

// Proves that the streams which the model plays are those of the code that runs: see scripts/test-streams.
//
//   StreamProof run                        runs every case once, on memory at known addresses; to be traced
//   StreamProof run-first                  the first case alone, which loads no library
//   StreamProof streams TRACE              compares each case's trace with the stream that its kernel states
//   StreamProof caches TRACE CACHEGRIND    compares simulated D1 and LL counts with cachegrind's of the same run

do {
  switch CommandLine.arguments.dropFirst().first {
  case "run": try run(Case.all)
  case "run-first": try run(Case.all.prefix(1))
  case "streams" where CommandLine.arguments.count == 3: try compareStreams(trace: CommandLine.arguments[2])
  case "caches" where CommandLine.arguments.count == 4:
    try compareCaches(trace: CommandLine.arguments[2], cachegrind: CommandLine.arguments[3])
  default:
    print("usage: StreamProof run | run-first | streams TRACE | caches TRACE CACHEGRIND")
    exit(64)
  }
} catch {
  print("StreamProof: \(error)")
  exit(1)
}
