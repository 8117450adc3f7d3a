import Foundation

/// The environment variables with which a user's shell steers numerical libraries, often without anyone knowing.
///
/// A library reads them when it is loaded: an inherited `OPENBLAS_CORETYPE=Haswell` halves OpenBLAS on an AVX-512 machine.
/// So they are cleared before a library loads, and what was found is reported.
public enum LibraryEnvironment {
  static let prefixes = ["OPENBLAS_", "GOTO_", "MKL_", "BLIS_", "OMP_", "KMP_", "DNNL_", "ONEDNN_"]

  /// The variables that this process inherited, by name; taken once, before anything is cleared.
  public static let inherited: [String: String] = ProcessInfo.processInfo.environment.filter { name, _ in
    prefixes.contains { name.hasPrefix($0) }
  }

  /// Removes every such variable from this process.
  static func clear() {
    for name in inherited.keys { unsetenv(name) }
  }
}
