import Foundation
import Glibc
import Support

/// Valgrind's callgrind as a source of counts: instructions, loads, stores and branches of the code that really runs,
/// and the misses of two levels of simulated caches. It needs no PMU, and takes tens of times as long as the code
/// itself, so that nothing is ever timed under it.
public struct Valgrind: Equatable, Sendable {
  /// What stands before the names of its events, as a PMU's name does.
  public static let pmu = "valgrind"
  /// Its counter group.
  public static let group = "valgrind"

  /// The file of the valgrind command.
  public let executable: String

  public init(executable: String) {
    self.executable = executable
  }

  /// The valgrind in `searchPath`, directories with colons between; throws `NotAvailable` where there is none that
  /// can count this program.
  public static func installed(
    searchPath: String = ProcessInfo.processInfo.environment["PATH"] ?? ""
  ) throws -> Valgrind {
    #if !arch(x86_64)
      throw NotAvailable(key: pmu, "expected an x86-64 CPU, whose code valgrind can be told to count here")
    #else
      for directory in searchPath.split(separator: ":") {
        let file = "\(directory)/valgrind"
        if access(file, X_OK) == 0, FileKind(path: file) != .directory { return Valgrind(executable: file) }
      }
      throw NotAvailable(
        key: pmu, "expected the command valgrind in PATH, found none (Debian: apt-get install valgrind)")
    #endif
  }

  /// Arguments that make callgrind count what `program` asks it to, with caches of its own geometry, into the file
  /// `output`.
  ///
  /// Nothing is simulated or counted until the program says so by client requests (`LinuxValgrind.h`).
  public func arguments(caches: ValgrindCaches, output: String, program: [String]) -> [String] {
    [
      // First, so that no .valgrindrc of the user or of this directory has a say.
      "--command-line-only=yes", "--tool=callgrind", "--quiet", "--vgdb=no", "--instr-atstart=no",
      "--collect-atstart=no",
      "--cache-sim=yes", "--branch-sim=yes",
      // Tells apart misses of the last level that evict a modified line.
      "--simulate-wb=yes",
      "--I1=\(caches.instruction.argument)", "--D1=\(caches.first.argument)", "--LL=\(caches.last.argument)",
      // Valgrind takes % for the beginning of a format.
      "--callgrind-out-file=\(output.replacing("%", with: "%%"))",
    ] + program
  }

  /// The event of callgrind that a group calls `name`; nil for one that callgrind does not have.
  static func event(_ name: String) -> String? {
    guard name.hasPrefix("\(pmu)::") else { return nil }
    let event = String(name.dropFirst(pmu.count + 2))
    return CallgrindTotals.events.contains(event) ? event : nil
  }
}

extension CounterGroup {
  /// Whether valgrind counts it, in a process of its own, and not this one.
  public var isValgrinds: Bool { pmu == Valgrind.pmu }
}
