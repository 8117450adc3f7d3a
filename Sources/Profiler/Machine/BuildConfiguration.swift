import CMicroBenchmarks

/// How this program was compiled.
public enum BuildConfiguration: String, Codable, Sendable {
  case debug
  case release

  public static var current: BuildConfiguration {
    #if DEBUG
      return .debug
    #else
      return .release
    #endif
  }

  /// Whether measuring is only rehearsed: every step is taken, as briefly as it can be, because no time of a debug build is worth
  /// anything. Keeps the tests that go through whole runs short.
  public static var isRehearsal: Bool { current == .debug }

  /// The oldest Swift that this compiler can be; the compiler does not tell a program its exact version.
  public static var swiftVersion: String {
    #if compiler(>=6.4)
      return "6.4 or later"
    #elseif compiler(>=6.3)
      return "6.3"
    #elseif compiler(>=6.2)
      return "6.2"
    #else
      return "6.1"
    #endif
  }

  /// The C compiler of the inner loops.
  public static var cCompiler: String { String(cString: microbench_compiler()) }
}
