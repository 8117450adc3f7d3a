import Kernels
import PlanSupport
import Profiler
import Testing

@testable import Measurement
@testable import Plans

private let point = Point(
  sweep: "a", kernel: .lookup, seed: 1, hidden: 512, output: 512, tables: 128, tableRows: 256, projection: .bh4,
  blockSize: 64, tokens: 4096, threads: 2, codes: .uniform,
  strategy: LookupStrategy(order: .sliced, tokenTile: 4096, columnSlice: 128, tableGroup: 8, prefetchRows: 0),
  memory: .interleave)

@Suite struct PointTests {
  @Test func `an id is 16 hexadecimal digits and does not depend on the sweep's name`() {
    var renamed = point
    renamed.sweep = "b"
    #expect(point.id.count == 16)
    #expect(point.id.allSatisfy { $0.isHexDigit })
    #expect(renamed.id == point.id)
  }

  @Test func `any change of a parameter changes the id`() {
    var slower = point
    slower.lookup.strategy?.prefetchRows = 1
    var elsewhere = point
    elsewhere.memory = .node(0)
    #expect(Set([point.id, slower.id, elsewhere.id]).count == 3)
  }

  @Test func `an id is the same in every version of the tool with the same kernels`() {
    // Stored runs name their points by id: if this fails, every earlier run becomes unresumable and incomparable. Only a new
    // `kernelVersion` may change it.
    #expect(point.id == "04fc18077676354c")
  }

  @Test func `canonical JSON has sorted snake-case keys and survives a round trip`() throws {
    let json = try point.canonicalJSON()
    #expect(json.hasPrefix(#"{"block_size":64,"codes":"uniform","cpus":"compact","dtype":"fp32","hidden":512"#))
    #expect(try CanonicalJSON.decode(Point.self, from: json) == point)
  }

  @Test func `a label names what matters and leaves out defaults`() {
    #expect(point.label == "lookup T=128 rows=256 d=512 tokens=4096 threads=2 sliced/4096/128x8 interleave")
  }

  @Test func `a label names an open strategy, a partition and a group prefetch`() {
    var open = point
    open.lookup.strategy = nil
    open.lookup.partition = .tables
    #expect(open.label == "lookup T=128 rows=256 d=512 tokens=4096 threads=2 auto by-tables interleave")
    var on = point
    on.lookup.strategy?.groupPrefetch = .on
    #expect(on.label == "lookup T=128 rows=256 d=512 tokens=4096 threads=2 sliced/4096/128x8/g-on interleave")
    #expect(Set([point.id, open.id, on.id]).count == 3)
  }

  @Test func `the type of the tables is part of a point, its label and the size of its tables`() {
    let points = [TableType.fp32, .bf16, .int8].map { type in
      var typed = point
      typed.lookup.dtype = type
      return typed
    }
    #expect(Set(points.map(\.id)).count == 3)
    #expect(points[2].label.contains("sliced/4096/128x8 int8"))
    #expect(points.map(\.tableBytes) == [4 * 512, 2 * 512, 512 + 4].map { 128 * 256 * $0 })
    for typed in points {
      let saved = 128 * 256 * 4 * 512 - (typed.tableBytes ?? 0)
      #expect(typed.estimatedBytes == point.estimatedBytes - saved)
    }
  }

  @Test func `the type of the projection is part of a look-up point, its label and the size of its weights`() {
    var rounded = point
    rounded.lookup.projectionDtype = .bf16
    #expect(rounded.id != point.id)
    #expect(rounded.label.contains("sliced/4096/128x8 bf16-projection"))
    #expect(rounded.tableBytes == point.tableBytes)
    // Two chains of four factors of 512 x 64 weights.
    #expect(point.estimatedBytes - rounded.estimatedBytes == 2 * 4 * 512 * 64 * 2)
    #expect(rounded.network.arithmetic == .fp32)
    #expect(rounded.network.arithmetic(ofStage: HashStage.name) == .bf16)
  }

  @Test func `a dense network has a type too, and the memory of its weights and features`() {
    let points = [TableType.fp32, .bf16, .int8].map {
      Point(
        sweep: "", kernel: .dense, seed: 1, hidden: 4, intermediate: 16, output: 4, dtype: $0, tokens: 10, threads: 1)
    }
    #expect(Set(points.map(\.id)).count == 3)
    #expect(points.map(\.label).map { $0.hasSuffix("bf16") } == [false, true, false])
    #expect(points.map { $0.network.arithmetic } == [.fp32, .bf16, .int8])
    #expect(point.network.arithmetic == .fp32)
    // Weights and biases 148: fp32, and twice as narrow ones; activations 80 floats; the products' inputs 40 + 160; int8's
    // 160 sums.
    #expect(points[1].estimatedBytes == 148 * (4 + 4) + 80 * 4 + 200 * 2)
    #expect(points[2].estimatedBytes == 148 * (4 + 2) + 80 * 4 + 200 + 160 * 4)
  }

  @Test func `tables take T x rows x output x 4 bytes, and a dense point has none`() {
    #expect(point.tableBytes == 128 * 256 * 512 * 4)
    #expect(Point(sweep: "", kernel: .dense, seed: 1, hidden: 8, output: 8, tokens: 1, threads: 1).tableBytes == nil)
  }

  @Test func `a memory estimate adds weights, activations and scratch`() {
    let dense = Point(
      sweep: "", kernel: .dense, seed: 1, hidden: 4, intermediate: 16, output: 4, tokens: 10, threads: 1)
    // 2 x 4 x 16 weights and 20 biases, 10 tokens in, out (4 each) and between (16), 4 bytes each.
    #expect(dense.estimatedBytes == 4 * (128 + 20 + 80 + 160))
    let lookup = Point(
      sweep: "", kernel: .lookup, seed: 1, hidden: 8, output: 4, tables: 2, tableRows: 4, projection: .dense, tokens: 3,
      threads: 1, strategy: .init())
    // Tables 2 x 4 x 4, once as placed and once as the check needs them; projection 4 x 8, activations 3 x 12, scratch
    // 3 x (4 scores + 2 codes + 2 weights), and the codes of all tokens, 3 x 2.
    #expect(lookup.estimatedBytes == 4 * (32 + 32 + 32 + 36 + 24 + 6))
  }
}
