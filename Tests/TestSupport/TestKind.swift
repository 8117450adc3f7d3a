import Foundation
import Testing

/// What a test needs beside the processor: `make check` leaves such tests out, and `make test` runs them all.
extension Trait where Self == ConditionTrait {
  /// Starts other processes: the tool itself, Python, gnuplot or stand-ins for sbatch.
  public static var process: Self { kind("process") }

  /// Uses this machine's own CPUs, memory, counters or libraries: it runs pinned threads, micro-benchmarks or a BLAS library.
  public static var machine: Self { kind("machine") }

  /// Takes more than half a second.
  public static var slow: Self { kind("slow") }

  /// Enabled unless the environment's `LOOKAHEAD_SKIP_TESTS`, a list of kinds with spaces between, names the kind.
  private static func kind(_ name: String) -> Self {
    .disabled(if: skipped.contains(name), "'\(name)' is in LOOKAHEAD_SKIP_TESTS")
  }
}

private let skipped = Set(
  (ProcessInfo.processInfo.environment["LOOKAHEAD_SKIP_TESTS"] ?? "").split(separator: " ").map(String.init))
