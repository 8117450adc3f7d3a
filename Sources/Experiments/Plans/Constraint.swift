import Support

/// What an experiment asks of the machine's state before it runs, and whether to warn or to refuse where that is not so.
public struct Constraint: Equatable, Sendable {
  public enum Name: String, CaseIterable, Sendable {
    case governor, boost, smt, thp
    case numaBalancing = "numa_balancing"
    case loadAverage = "load_average"
    case freeMemory = "free_memory"
    case debugBuild = "debug_build"

    /// The machine's fact that it is about.
    var fact: String {
      switch self {
      case .governor, .boost, .smt, .numaBalancing: return rawValue
      case .thp: return "thp_enabled"
      case .loadAverage: return "load_average_1min"
      case .freeMemory: return "memory_available_bytes"
      case .debugBuild: return "build_configuration"
      }
    }

    /// What is asked for where the experiment only says how severe it is; nil where there is no usual answer.
    var usual: Requirement? {
      switch self {
      case .governor: return .equal("performance")
      case .numaBalancing: return .equal("0")
      // Half a CPU's worth of other work: less than that a machine at rest has too.
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
    /// What was expected and what was found.
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
      guard let usual = name.usual else {
        throw yaml.error("expected {\(name.isNumeric ? "at_least: value" : "is: value"), otherwise: warn or fail}")
      }
      requirement = usual
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

  /// What is wrong, by the machine's facts; nil where all is well. A fact that the system does not tell is a warning however
  /// severe the constraint: nothing is known to be wrong.
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
  /// Tells of every violation; throws the first severe one.
  public func enforce(_ fact: (String) -> String?, file: String, warn: (String) -> Void) throws {
    let violations = compactMap { $0.violation(fact) }
    for violation in violations where violation.severity == .warn { warn("constraint \(violation.message)") }
    if let severe = violations.first(where: { $0.severity == .fail }) {
      throw ConstraintFailure(message: severe.message, file: file)
    }
  }
}

/// The machine is not as the experiment demands.
public struct ConstraintFailure: Error, CustomStringConvertible {
  var message: String
  var file: String

  public var description: String { "\(file): constraints.\(message)" }
}
