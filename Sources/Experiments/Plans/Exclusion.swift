import Kernels
import Support

/// Points that a sweep leaves out: those for which every condition holds.
public struct Exclusion: Equatable, Sendable {
  public enum Condition: Equatable, Sendable {
    case anyOf([ParameterValue])
    /// An interval of a number; either end may be open.
    case between(Int?, Int?)
  }

  public var conditions: [Parameter: Condition]

  /// Reads `{parameter: value}`, `{parameter: [values]}` or `{parameter: {at_least: low, at_most: high}}`, or several.
  init(_ yaml: YAMLValue) throws {
    conditions = [:]
    let entries = try yaml.parameters()
    guard !entries.isEmpty else { throw yaml.error("expected at least one condition, found none") }
    for (parameter, value) in entries {
      if value.isObject {
        let object = try value.object(keys: ["at_least", "at_most"])
        let (low, high) = (try object["at_least"]?.int(), try object["at_most"]?.int())
        guard low != nil || high != nil else { throw value.error("expected at_least, at_most or both") }
        guard parameter.domain.isNumeric else {
          throw value.error("expected a value: \(parameter.name) is not a number")
        }
        conditions[parameter] = .between(low, high)
      } else {
        conditions[parameter] = .anyOf(
          value.isList ? try value.list().map(parameter.value) : [try parameter.value(value)])
      }
    }
  }

  /// Whether all conditions hold; `values` gives all spellings of a parameter's value, such as `all` and its number.
  func matches(_ values: (Parameter) -> [ParameterValue]) -> Bool {
    conditions.allSatisfy { parameter, condition in
      values(parameter).contains { value in
        switch condition {
        case .anyOf(let admitted): return admitted.contains(value)
        case .between(let low, let high):
          guard case .int(let number) = value else { return false }
          return number >= (low ?? .min) && number <= (high ?? .max)
        }
      }
    }
  }
}
