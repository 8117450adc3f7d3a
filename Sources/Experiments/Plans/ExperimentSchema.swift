import Foundation
import Kernels
import Profiler

/// The JSON Schema (draft 2020-12) of experiment files, with which editors complete and check them:
/// docs/experiment.schema.json.
///
/// It is made from the parser's own lists of keys and names. Rules that a schema cannot express (zip of equal
/// lengths, a layer file that fixes a dimension) are checked only by the parser; the schema accepts everything that
/// the parser accepts.
public enum ExperimentSchema {
  /// The document, with sorted keys.
  public static func json() throws -> String {
    let data = try JSONSerialization.data(
      withJSONObject: document, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data, as: UTF8.self) + "\n"
  }

  static var document: [String: Any] {
    var document = object(
      Experiment.keys.map { ($0, section($0)) }, required: ["schema"],
      "An experiment: a question and the sweeps that answer it.")
    document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    document["title"] = Experiment.schema
    document["$defs"] = [
      "parameters": object(
        Parameter.all.map { ($0.name, value(of: $0)) }, "Parameters of points, each with a value."),
      "axes": object(
        Parameter.all.map { ($0.name, axis(of: $0)) }, "Parameters, each with the values it takes."),
      "exclusions": list(
        object(Parameter.all.map { ($0.name, condition(on: $0)) }, "Points for which every condition holds."),
        "Points that are left out."),
      "sweep": object(
        Sweep.keys.map { ($0, sweepKey($0)) }, required: ["name"],
        "The cartesian product of axes over fixed parameters."),
    ]
    return document
  }

  // MARK: - Sections

  private static func section(_ key: String) -> [String: Any] {
    switch key {
    case "schema": return ["const": Experiment.schema]
    case "include":
      return list(text("A path."), "Other experiment files whose sections are merged in, beside this file.")
    case "seed": return integer(0, "Seeds the order, and synthetic layers that set no seed of their own.")
    case "order": return names(RunOrder.allCases, "The order in which points run.")
    case "defaults": return ["$ref": "#/$defs/parameters"]
    case "sweeps": return list(["$ref": "#/$defs/sweep"], "Families of points.")
    case "exclude": return ["$ref": "#/$defs/exclusions"]
    case "measure":
      return object(Measure.keys.map { ($0, measureKey($0)) }, "How long and how often a point is measured.")
    case "counters": return list(text("A group's name or path."), "Counter groups.")
    case "machines": return list(text("A machine's name or path."), "Machines to project onto.")
    case "constraints":
      return object(
        Constraint.Name.allCases.map { ($0.rawValue, constraint($0)) }, "What is asked of the machine's state.")
    case "name": return text("A short name.")
    default: return text("What the experiment is to answer.")
    }
  }

  private static func measureKey(_ key: String) -> [String: Any] {
    switch key {
    case "multiplex": return ["type": "boolean"]
    case "calibrate": return names(Measure.CalibrationTime.allCases, "When the host is calibrated.")
    default: return ["type": "number", "minimum": 0]
    }
  }

  private static func sweepKey(_ key: String) -> [String: Any] {
    switch key {
    case "set": return ["$ref": "#/$defs/parameters"]
    case "axes": return ["$ref": "#/$defs/axes"]
    case "exclude": return ["$ref": "#/$defs/exclusions"]
    case "zip":
      var group = list(["enum": Parameter.names, "description": "An axis."], "Axes of one length.")
      group["minItems"] = 2
      return list(group, "Groups of axes that move together.")
    default: return text("The sweep's name.")
    }
  }

  private static func constraint(_ name: Constraint.Name) -> [String: Any] {
    let severity = names(Constraint.Severity.allCases, "What to do where it is not so.")
    let full = object(
      [
        ("is", scalar), ("at_most", scalar), ("at_least", scalar), ("otherwise", severity),
      ], "What is expected.")
    return name.defaultRequirement == nil ? full : ["anyOf": [severity, full]]
  }

  // MARK: - Parameters

  private static func axis(of parameter: Parameter) -> [String: Any] {
    var values = list(value(of: parameter), parameter.meaning)
    values["minItems"] = 1
    values["uniqueItems"] = true
    guard parameter.domain.isNumeric else { return values }
    let exponent: [String: Any] = ["type": "integer", "minimum": 0, "maximum": 31]
    let exponents: [String: Any] = ["type": "array", "items": exponent, "minItems": 2, "maxItems": 2]
    let number: [String: Any] = ["type": "integer", "minimum": 0]
    let range: [String: Any] = ["type": "array", "items": number, "minItems": 3, "maxItems": 3]
    let powers = object([("pow2", exponents)], required: ["pow2"], "Powers of two, from 2^low to 2^high.")
    let steps = object([("range", range)], required: ["range"], "[low, high, step], both ends included.")
    return ["anyOf": [values, powers, steps]]
  }

  private static func condition(on parameter: Parameter) -> [String: Any] {
    let value = value(of: parameter)
    var choices: [[String: Any]] = [value, list(value, "Any of these.")]
    if parameter.domain.isNumeric {
      let bound: [String: Any] = ["type": "integer"]
      choices.append(object([("at_least", bound), ("at_most", bound)], "A range."))
    }
    return ["anyOf": choices]
  }

  private static func value(of parameter: Parameter) -> [String: Any] {
    var schema: [String: Any]
    switch parameter.domain {
    case .count(_, let word):
      let count: [String: Any] = ["type": "integer", "minimum": 1]
      schema = ["anyOf": [count, ["const": word]]]
    case .number(let range): schema = ["type": "integer", "minimum": range.lowerBound]
    case .powerOfTwo: schema = ["enum": (0...31).map { 1 << $0 }.filter(parameter.domain.accepts)]
    case .names(let names): schema = ["enum": names]
    case .form(let form): schema = form.pattern.map { ["type": "string", "pattern": $0] } ?? scalar
    case .text, .name: schema = scalar
    }
    schema["description"] = parameter.meaning
    return schema
  }

  // MARK: - Building blocks

  private static var scalar: [String: Any] { ["type": ["string", "number", "boolean"]] }

  private static func text(_ description: String) -> [String: Any] {
    ["type": ["string", "number"], "description": description]
  }

  private static func integer(_ least: Int, _ description: String) -> [String: Any] {
    ["type": "integer", "minimum": least, "description": description]
  }

  private static func names<Choice: RawRepresentable<String>>(_ choices: [Choice], _ description: String) -> [String:
    Any]
  {
    ["enum": choices.map(\.rawValue), "description": description]
  }

  private static func list(_ items: [String: Any], _ description: String) -> [String: Any] {
    ["type": "array", "items": items, "description": description]
  }

  private static func object(
    _ properties: [(String, [String: Any])], required: [String] = [], _ description: String
  ) -> [String: Any] {
    [
      "type": "object", "properties": Dictionary(properties, uniquingKeysWith: { first, _ in first }),
      "required": required, "additionalProperties": false, "description": description,
    ]
  }
}
