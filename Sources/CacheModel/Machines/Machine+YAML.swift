import Foundation
import Support

extension Machine {
  /// The machine as the text of a machine file; reading it back gives an equal machine.
  public func yaml() -> String { yamlEntries.joined(separator: "\n") + "\n" }
}

/// The lines of a block, each on a line of its own below the key.
func yamlBlock(_ lines: [String]) -> String { lines.map { "\n" + $0 }.joined() }

/// The entries of a mapping as the lines of an item of a list.
func yamlItem(_ entries: [String]) -> [String] { entries.enumerated().map { ($0 == 0 ? "  - " : "    ") + $1 } }

func yamlPairs(_ rows: [RandomRowRate]) -> String? {
  rows.isEmpty ? nil : "[" + rows.map { "[\($0.rowBytes), \(yamlNumber($0.rate))]" }.joined(separator: ", ") + "]"
}

func yamlCurves(_ curves: [LoadedLatencyCurve]) -> String {
  yamlBlock(
    curves.flatMap { curve in
      let points = curve.points.map { "[\(yamlNumber($0.gigabytesPerSecond)), \(yamlNumber($0.nanoseconds))]" }
      return [
        "      - read_ratio: \(yamlNumber(curve.readRatio))", "        points: [\(points.joined(separator: ", "))]",
      ]
    })
}

/// A size with a unit where that is exact, else in plain bytes.
func exactByteCount(_ bytes: Int) -> String {
  let text = formatByteCount(bytes)
  return parseByteCount(text) == bytes ? text : "\(bytes)"
}

func yamlNumber(_ value: Double) -> String {
  value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
}

/// The text in double quotes wherever plain YAML could read it as something else.
func quoted(_ text: String) -> String {
  let plain = text.unicodeScalars.allSatisfy {
    $0.isASCII && ($0.properties.isAlphabetic || "0123456789-_".contains(Character($0)))
  }
  let reserved = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf"]
  if plain, let first = text.unicodeScalars.first, first.properties.isAlphabetic,
    !reserved.contains(text.lowercased())
  {
    return text
  }
  var escaped = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": escaped += "\\\""
    case "\\": escaped += "\\\\"
    case "\n": escaped += "\\n"
    case "\t": escaped += "\\t"
    case _ where scalar.properties.generalCategory == .control: escaped += String(format: "\\x%02x", scalar.value)
    default: escaped.unicodeScalars.append(scalar)
    }
  }
  return "\"\(escaped)\""
}
