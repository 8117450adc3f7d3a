import Foundation

extension FakeMachine {
  /// The machine of `Tests/Fixtures/machines/NAME.txt`, in the notation that the file explains. Only the files that
  /// `isNeeded` accepts are created, since a large server has tens of thousands.
  public convenience init(fixture name: String, where isNeeded: (_ path: String) -> Bool = { _ in true }) throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/machines/\(name).txt")
    try self.init(expand(String(contentsOf: file, encoding: .utf8)).filter { isNeeded($0.key) })
  }

  /// The files that finding and matching counters needs: the machine's PMUs, its CPU, and the packages of a few CPUs.
  public static func counters(of name: String) throws -> FakeMachine {
    try FakeMachine(fixture: name) { path in
      path.hasPrefix("sys/bus/") || path.hasPrefix("proc/")
        || [0, 56, 128].contains { path == "sys/devices/system/cpu/cpu\($0)/topology/physical_package_id" }
    }
  }
}

private func expand(_ text: String) throws -> [String: String] {
  var files: [String: String] = [:]
  for line in text.split(separator: "\n") where !line.hasPrefix("#") {
    let columns = line.split(separator: "\t", maxSplits: 1).map(String.init)
    guard columns.count == 2 else { throw FixtureError(line: String(line)) }
    let content = columns[1].replacingOccurrences(of: "\\n", with: "\n").replacingOccurrences(of: "\\t", with: "\t")
    for (path, number) in try paths(columns[0]) {
      files[path] = content.contains("%") ? substitute(number, in: content) : content
    }
  }
  return files
}

/// Every path that the braces of `pattern` expand to, with the number in place of the first brace.
private func paths(_ pattern: String) throws -> [(path: String, number: Int)] {
  guard let open = pattern.firstIndex(of: "{") else { return [(pattern, 0)] }
  guard let close = pattern[open...].firstIndex(of: "}") else { throw FixtureError(line: pattern) }
  let head = pattern[..<open]
  let tails = try paths(String(pattern[pattern.index(after: close)...])).map(\.path)
  let ranges = try pattern[pattern.index(after: open)..<close].split(separator: ",").map { part in
    let ends = part.split(separator: "-").compactMap { Int($0) }
    guard let low = ends.first, let high = ends.last, low <= high else { throw FixtureError(line: pattern) }
    return low...high
  }
  return ranges.joined().flatMap { number in tails.map { ("\(head)\(number)\($0)", number) } }
}

/// `%`, `%+N` and `%-N` in `text`, evaluated.
private func substitute(_ number: Int, in text: String) -> String {
  text.replacing(#/%([+-]\d+)?/#) { match in "\(number + (match.1.flatMap { Int($0) } ?? 0))" }
}

private struct FixtureError: Error, CustomStringConvertible {
  let line: String
  var description: String { "not a line of a machine fixture: \(line)" }
}
