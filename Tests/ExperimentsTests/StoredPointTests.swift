import Foundation
import Kernels
import Testing

@testable import Plans

private let root = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// Plans stored by earlier versions of the tool, whose runs must be resumable.
private let storedPlans: [String] = ["reports", "Tests/Fixtures/runs"].flatMap { folder -> [String] in
  let names = (try? FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path)) ?? []
  return names.sorted().map { "\(folder)/\($0)/plan.jsonl" }
    .filter { FileManager.default.fileExists(atPath: root.appendingPathComponent($0).path) }
}

/// Points keep their encoding and their id through every version, so that stored runs can be resumed and joined.
@Suite struct StoredPointTests {
  @Test func `there are plans of earlier versions to read`() {
    #expect(storedPlans.count >= 6)
  }

  @Test(arguments: storedPlans)
  func `every line of a stored plan decodes, and is written again as it was, under its id`(_ name: String) throws {
    let path = root.appendingPathComponent(name)
    let text = try String(contentsOf: path, encoding: .utf8)
    let plan = try Plan(jsonLines: text, file: name)
    #expect(try Plan(jsonLines: plan.jsonLines(), file: name) == plan)
    for (line, point) in zip(text.split(separator: "\n"), plan.points) {
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(object["id"] as? String == point.id)
      #expect(object["label"] as? String == point.label)
      #expect(line.contains("\"params\":\(try point.canonicalJSON()),\"position\""))
      #expect(try CanonicalJSON.decode(Point.self, from: point.canonicalJSON()) == point)
    }
  }

  @Test func `a point whose network does not exist, or whose output is not dense's, is none`() throws {
    let dense = Point(
      sweep: "a", seed: 1, tokens: 4, placement: Placement(threads: 1),
      network: DenseNetwork(hidden: 8, intermediate: 32))
    let json = try dense.canonicalJSON()
    #expect(try CanonicalJSON.decode(Point.self, from: json) == dense)
    for (before, after) in [
      ("\"dense\"", "\"sparse\""), ("\"output\":8", "\"output\":9"), ("\"intermediate\":32,", ""),
    ] {
      let other = json.replacingOccurrences(of: before, with: after)
      #expect(other != json)
      #expect(throws: DecodingError.self) { try CanonicalJSON.decode(Point.self, from: other) }
    }
  }

  @Test func `an id follows every change of a point, and no change of its sweep`() {
    var point = Point(
      sweep: "a", seed: 1, tokens: 4, placement: Placement(threads: 1),
      network: DenseNetwork(hidden: 8, intermediate: 32))
    let first = point.id
    point.sweep = "b"
    #expect(point.id == first)
    var ids = [first]
    point.tokens = 5
    ids.append(point.id)
    point.threads = 2
    ids.append(point.id)
    point.network = DenseNetwork(hidden: 8, intermediate: 16)
    ids.append(point.id)
    point.variant = "x"
    ids.append(point.id)
    #expect(Set(ids).count == ids.count)
  }
}
