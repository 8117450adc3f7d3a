import AccessStreams
import Foundation
import Kernels
import Profiles

/// Splits a trace into its cases, and profiles the accesses of each in the arena.
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

/// Passes on all accesses except those to `leftOut`.
private final class Without: AccessSink {
  private let sink: any AccessSink
  private let leftOut: Range<UInt64>

  init(_ leftOut: Range<UInt64>, sink: any AccessSink) {
    self.leftOut = leftOut
    self.sink = sink
  }

  func enter(phase: Int) { sink.enter(phase: phase) }

  func consume(_ accesses: UnsafeBufferPointer<Access>) {
    accesses.filter { !leftOut.contains($0.address) }.withUnsafeBufferPointer(sink.consume)
  }
}

struct Mismatch: Error, CustomStringConvertible {
  var description: String
}

/// Sizes of caches, in KiB, at which streams are compared.
private enum ProofSizes {
  /// Larger than all data. A library is compared at this size only, by its total reads and writes, because its
  /// blocking is its own.
  static let any = 1 << 30
  static let all = [32, 48, 64, 96, 128, 160, 192, 224, 256, 288, 320, 384, 512, 1024, any]
}

/// Compares every case's trace with the stream that its kernel states: the lines that each fetches into caches of
/// several sizes, and those it writes back. They must agree within 2 %.
///
/// Accesses themselves cannot be compared: a micro-kernel reads an operand from the first level several times within
/// a step, where the stream states it once. The stream describes the traffic between levels.
func compareStreams(of cases: some Collection<Case>, trace: String) throws {
  let tolerance = 0.02
  let traced = TracedCases()
  try TraceReader(path: trace, format: .lackey).read(into: traced)
  guard traced.profiles.count == cases.count else {
    throw Mismatch(description: "expected \(cases.count) cases in the trace, found \(traced.profiles.count)")
  }
  let layers = try Case.layers()
  var failed = 0
  for (example, real) in zip(cases, traced.profiles) {
    let input = try example.input(memory: HeapMemory())
    let kernel = try example.kernel(layers(example), memory: HeapMemory())
    let profiler = try ReuseProfiler()
    let workload = try kernel.workload(input: input.base, tokens: Case.tokens, threads: 1)
    // A library packs its panels in memory of its own, outside the arena.
    let panels = (workload as? LookupWorkload)?.packedPanels(core: 0) ?? 0..<0
    let stream = AccessStream(sink: Without(panels, sink: profiler))
    workload.emit(to: stream)
    stream.flush()
    let stated = profiler.profile
    for kibibytes in example.usesLibrary ? [ProofSizes.any] : ProofSizes.all {
      let lines = kibibytes << 10 / 64
      let size = kibibytes == ProofSizes.any ? "any" : "\(kibibytes) KiB"
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
