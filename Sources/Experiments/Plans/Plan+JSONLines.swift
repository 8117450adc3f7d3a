import Kernels
import Support

/// A line of plan.jsonl.
private struct PlanLine: Codable {
  var id: String
  /// Place in execution order, from 0.
  var position: Int
  var label: String
  var estimatedBytes: Int
  /// All sweeps that ask for the point; `params.sweep` is the first.
  var sweeps: [String]?
  var params: Point
}

extension Plan {
  /// One JSON object a point, in the order of the experiment file.
  public func jsonLines() throws -> String {
    var positions = [Int](repeating: 0, count: points.count)
    for (position, index) in order.enumerated() { positions[index] = position }
    return try points.indices.map { index in
      let point = points[index]
      let position = positions[index]
      return try CanonicalJSON.encode(
        PlanLine(
          id: point.id, position: position, label: point.label, estimatedBytes: point.estimatedBytes,
          sweeps: sweeps[index], params: point))
        + "\n"
    }.joined()
  }

  /// Reads the output of `jsonLines`; `file` is used in messages.
  public init(jsonLines text: String, file: String) throws {
    var lines: [PlanLine] = []
    // Swift treats "\r\n" as one character.
    let rows = text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r\n" })
    for (index, line) in rows.enumerated() where !line.allSatisfy(\.isWhitespace) {
      guard let read = try? CanonicalJSON.decode(PlanLine.self, from: String(line)) else {
        throw InputError(file: file, line: index + 1, "expected a point of a plan as one JSON object")
      }
      try JSONValue.check(String(line), file: file, line: index + 1)
      // The file may be edited or come from another user; a point that no experiment could ask for is refused.
      for parameter in Parameter.all where parameter.domain.isNumeric {
        guard let number = read.params.value(of: parameter)?.int, !parameter.domain.accepts(number) else { continue }
        throw InputError(
          file: file, line: index + 1, key: "params.\(parameter.name)",
          "expected \(parameter.domain.expectation), found \(number)")
      }
      lines.append(read)
    }
    guard lines.map(\.position).sorted() == Array(lines.indices) else {
      throw InputError(file: file, key: "position", "expected each place from 0 to \(lines.count - 1) once")
    }
    let order = lines.indices.sorted { lines[$0].position < lines[$1].position }
    self.init(
      points: lines.map(\.params), sweeps: lines.map { $0.sweeps ?? [$0.params.sweep] }, order: order)
  }
}
