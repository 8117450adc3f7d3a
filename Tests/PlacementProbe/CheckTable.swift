import Profiler

/// A table of checks with one line each: what was expected and what was found.
struct CheckTable {
  private var rows: [(name: String, expected: String, found: String)] = []

  var passed: Int { rows.count { $0.expected == $0.found } }
  var failed: Int { rows.count - passed }

  mutating func check(_ name: String, _ expected: String, _ found: String) {
    rows.append((name, expected, found))
  }

  var text: String {
    let all = [(name: "check", expected: "expected", found: "found")] + rows
    func width(_ column: (_ row: (name: String, expected: String, found: String)) -> String) -> Int {
      all.map { column($0).count }.max() ?? 0
    }
    let widths = (width(\.name), width(\.expected))
    return all.enumerated().map { index, row in
      let verdict = index == 0 ? "" : row.expected == row.found ? "ok" : "WRONG"
      return pad(verdict, 6) + pad(row.name, widths.0) + "  " + pad(row.expected, widths.1) + "  " + row.found
    }.joined(separator: "\n")
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}

/// `KEY=VALUE` arguments.
struct Arguments {
  private let values: [String: String]

  init(_ arguments: some Sequence<String>) {
    values = Dictionary(
      arguments.compactMap { argument in
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        return parts.count == 2 ? (parts[0], parts[1]) : nil
      }, uniquingKeysWith: { _, last in last })
  }

  /// Throws where the host did not pass the key: a check without an expectation must not pass silently.
  subscript(_ key: String) -> String {
    get throws {
      guard let value = values[key] else { throw MissingArgument(key: key) }
      return value
    }
  }

  func cpus(_ key: String) throws -> [Int] {
    guard let cpus = parseCPUList(try self[key]) else { throw MissingArgument(key: key) }
    return cpus
  }
}

struct MissingArgument: Error, CustomStringConvertible {
  let key: String
  var description: String { "expected \(key)=... among the arguments" }
}
