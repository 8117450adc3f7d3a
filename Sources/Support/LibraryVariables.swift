import Foundation
import Synchronization

/// Environment variables that change how numerical libraries behave when they load, often unnoticed.
public enum LibraryVariables {
  static let prefixes = ["OPENBLAS_", "MKL_", "BLIS_", "OMP_", "DNNL_", "ONEDNN_", "GOTO_", "KMP_"]

  public struct Variable: Codable, Equatable, Sendable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The variables that `clear` has removed from this process so far.
  private static let removed = Mutex<[Variable]>([])

  /// The variables set when the process started, by name: those set now and those that `clear` has removed.
  public static func found() -> [Variable] {
    let present = found(in: ProcessInfo.processInfo.environment)
    let gone = removed.withLock { $0 }.filter { variable in !present.contains { $0.name == variable.name } }
    return (present + gone).sorted { $0.name < $1.name }
  }

  /// The library variables in `environment`, by name.
  public static func found(in environment: [String: String]) -> [Variable] {
    environment.filter { variable in prefixes.contains { variable.key.hasPrefix($0) } }
      .sorted { $0.key < $1.key }.map { Variable(name: $0.key, value: $0.value) }
  }

  /// Removes the variables from this process. Call it before a library loads, because most libraries read them once.
  ///
  /// They are not put back: setting a variable while another thread reads the environment is not safe in glibc.
  public static func clear() {
    removed.withLock { removed in
      for variable in found(in: ProcessInfo.processInfo.environment) {
        unsetenv(variable.name)
        removed.removeAll { $0.name == variable.name }
        removed.append(variable)
      }
    }
  }
}
