import Foundation

/// Environment variables that steer numerical libraries when they load, often without anyone remembering them.
public enum LibraryVariables {
  static let prefixes = ["OPENBLAS_", "MKL_", "BLIS_", "OMP_", "DNNL_", "ONEDNN_", "GOTO_", "KMP_"]

  /// Those that are set, by name.
  public static func found(
    in environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> [(name: String, value: String)] {
    environment.filter { variable in prefixes.contains { variable.key.hasPrefix($0) } }
      .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// Removes them from this process and returns what was removed. Call it before a library loads: most read them once.
  @discardableResult
  public static func clear() -> [(name: String, value: String)] {
    let found = found()
    for variable in found { unsetenv(variable.name) }
    return found
  }
}
