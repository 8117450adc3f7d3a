import CacheModel
import Foundation
import Kernels

/// Splits a trace into its cases, and profiles what each does in the arena.
private final class TracedCases: AccessSink {
  private(set) var profiles: [ReuseProfile] = []
  private var profiler: ReuseProfiler?

  func enter(phase: Int) {}

  func consume(_ accesses: UnsafeBufferPointer<Access>) {
    for access in accesses {
      if Arena.isMark(access) {
        if let profiler { profiles.append(profiler.profile) }
        profiler = profiler == nil ? try? ReuseProfiler() : nil
      } else if let profiler, Arena.isBuffer(access) {
        withUnsafePointer(to: access) { profiler.consume(UnsafeBufferPointer(start: $0, count: 1)) }
      }
    }
  }
}

struct Mismatch: Error, CustomStringConvertible {
  var description: String
}

/// Holds every case's trace against the stream its kernel states: the lines that each fetches into caches of several
/// sizes, and those it writes back. Within 2 %.
///
/// Accesses as such cannot be compared: a micro-kernel reads an operand from the first level several times within a step,
/// where the stream states it once. What moves between the levels is what the stream is for.
func compareStreams(trace: String) throws {
  let tolerance = 0.02
  let traced = TracedCases()
  try TraceReader(path: trace, format: .lackey).read(into: traced)
  guard traced.profiles.count == Case.all.count else {
    throw Mismatch(description: "expected \(Case.all.count) cases in the trace, found \(traced.profiles.count)")
  }
  var failed = 0
  for (example, real) in zip(Case.all, traced.profiles) {
    let input = try HeapMemory().floats(Case.tokens * Case.shape.hidden, for: .input)
    Case.fillInput(input)
    let kernel = try example.kernel(memory: HeapMemory())
    let profiler = try ReuseProfiler()
    let stream = AccessStream(sink: profiler)
    try kernel.workload(input: input.base, tokens: Case.tokens, threads: 1).emit(to: stream)
    stream.flush()
    let stated = profiler.profile
    // From the first level to memory: 32 KiB, 256 KiB, 1 MiB, everything.
    for lines in [512, 4096, 16_384, 1 << 26] {
      let size = lines == 1 << 26 ? "any" : "\(lines * 64 >> 10) KiB"
      let pairs = [
        ("fetched", stated.accesses.misses(lines: lines), real.accesses.misses(lines: lines)),
        (
          "written", stated.phases.reduce(0) { $0 + $1.stores.misses(lines: lines) },
          real.phases.reduce(0) { $0 + $1.stores.misses(lines: lines) }
        ),
      ]
      for (what, stated, real) in pairs {
        let difference = real > 0 ? (stated - real) / real : stated
        let verdict = abs(difference) <= tolerance ? "ok" : "FAILED"
        if verdict != "ok" { failed += 1 }
        print(
          "\(verdict): \(example.name), cache \(size): lines \(what): stated \(Int(stated)), real \(Int(real)), "
            + String(format: "%+.2f %%", 100 * difference))
      }
    }
  }
  if failed > 0 { throw Mismatch(description: "\(failed) counts differ by more than \(Int(tolerance * 100)) %") }
}
