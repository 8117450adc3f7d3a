import Support

/// A requirement on the machine's state before a run, and whether a violation warns or refuses the run.
public struct Constraint: Equatable, Sendable {
  public enum Name: String, CaseIterable, Sendable {
    case governor, boost, smt, thp
    case numaBalancing = "numa_balancing"
    case loadAverage = "load_average"
    case freeMemory = "free_memory"
    case debugBuild = "debug_build"

    /// The fact of the machine that the constraint is about.
    var fact: String {
      switch self {
      case .governor, .boost, .smt, .numaBalancing: return rawValue
      case .thp: return "thp_enabled"
      case .loadAverage: return "load_average_1min"
      case .freeMemory: return "memory_available_bytes"
      case .debugBuild: return "build_configuration"
      }
    }

    /// The requirement where the experiment states only the severity; nil where there is no default.
    var defaultRequirement: Requirement? {
      switch self {
      case .governor: return .equal("performance")
      case .numaBalancing: return .equal("0")
      // Half a CPU of other work; a machine at rest has less.
      case .loadAverage: return .atMost(0.5)
      case .debugBuild: return .equal("release")
      case .boost, .smt, .thp, .freeMemory: return nil
      }
    }

    fileprivate var isNumeric: Bool { self == .loadAverage || self == .freeMemory }
  }

  public enum Requirement: Equatable, Sendable {
    case equal(String)
    case atMost(Double)
    case atLeast(Double)

    /// The key in an experiment file.
    static let keys = ["is", "at_most", "at_least"]
  }

  public enum Severity: String, CaseIterable, Sendable { case warn, fail }

  public struct Violation: Equatable, Sendable {
    public var severity: Severity
    /// The expected and the found state.
    public var message: String
  }

  public var name: Name
  public var requirement: Requirement
  public var otherwise: Severity

  /// Reads `warn`, `fail`, or `{is|at_most|at_least: value, otherwise: warn|fail}`.
  init(_ name: Name, _ yaml: YAMLValue) throws {
    self.name = name
    guard yaml.isObject else {
      otherwise = try yaml.choice()
      guard let standard = name.defaultRequirement else {
        throw yaml.error("expected {\(name.isNumeric ? "at_least: value" : "is: value"), otherwise: warn or fail}")
      }
      requirement = standard
      return
    }
    let object = try yaml.object(keys: Requirement.keys + ["otherwise"])
    otherwise = try object["otherwise"]?.choice() ?? .warn
    let given = object.entries.filter { Requirement.keys.contains($0.key) }
    guard given.count == 1, let (key, value) = given.first else {
      throw yaml.error("expected one of \(Requirement.keys.joined(separator: ", ")), found \(given.count)")
    }
    guard name.isNumeric == (key != "is") else {
      throw value.error(
        "expected \(name.isNumeric ? "at_most or at_least, for it is a number" : "is, for it is no number")")
    }
    func number() throws -> Double { name == .freeMemory ? Double(try value.byteCount()) : try value.double() }
    switch key {
    case "is": requirement = .equal(try value.string())
    case "at_most": requirement = .atMost(try number())
    default: requirement = .atLeast(try number())
    }
  }

  /// The violation, by the machine's facts; nil where the requirement holds. A fact that the system does not report
  /// is only a warning, since nothing is known to be wrong.
  public func violation(_ fact: (String) -> String?) -> Violation? {
    let expected: String
    let holds: Bool?
    let found = fact(name.fact)
    switch requirement {
    case .equal(let value):
      expected = value
      holds = found.map { $0 == value }
    case .atMost(let limit):
      expected = "at most \(text(limit))"
      holds = found.flatMap(Double.init).map { $0 <= limit }
    case .atLeast(let limit):
      expected = "at least \(text(limit))"
      holds = found.flatMap(Double.init).map { $0 >= limit }
    }
    switch holds {
    case true: return nil
    case false:
      let value = found.flatMap(Double.init).map(text) ?? found ?? ""
      return Violation(severity: otherwise, message: "\(name.rawValue): expected \(expected), found \(value)")
    case nil:
      return Violation(
        severity: .warn, message: "\(name.rawValue): expected \(expected), but this system does not say")
    }
  }

  private func text(_ number: Double) -> String {
    if name == .freeMemory { return formatByteCount(Int(number)) }
    return number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
  }
}

extension [Constraint] {
  /// Warns of every violation; throws the first severe one.
  public func enforce(_ fact: (String) -> String?, file: String, warn: (String) -> Void) throws {
    let violations = compactMap { $0.violation(fact) }
    for violation in violations where violation.severity == .warn { warn("constraint \(violation.message)") }
    if let severe = violations.first(where: { $0.severity == .fail }) {
      throw ConstraintFailure(message: severe.message, file: file)
    }
  }
}

/// The machine does not meet a constraint of the experiment.
public struct ConstraintFailure: Error, CustomStringConvertible {
  var message: String
  var file: String

  public var description: String { "\(file): constraints.\(message)" }
}
