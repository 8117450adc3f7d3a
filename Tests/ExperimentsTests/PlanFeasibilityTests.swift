import Foundation
import Kernels
import PlanSupport
import Profiler
import Support
import Testing

@testable import Measurement
@testable import Plans
@testable import RunStore

/// A dry run gives the same reasons for a plan's points as a run does later.
@Suite struct PlanFeasibilityTests {
  @Test func `types that no library multiplies in are told, and each type is tried once`() throws {
    var asked: [ElementType] = []
    let libraries = LibrarySupport { _, products in
      asked += products.map(\.dtype)
      return products[0].dtype == .fp32
        ? .timed(CandidateReport(name: "l", version: nil, coreType: nil, path: "l", timings: []))
        : .failed("no instruction")
    }
    let experiment = try experiment(
      """
      defaults: {hidden: 64, intermediate: 64, tokens: 8}
      sweeps:
        - {name: a, set: {kernel: dense}, axes: {dtype: [fp32, bf16], seed: [1, 2]}}
        - {name: b, set: {kernel: lookup, tables: 4, table_rows: 16, dtype: bf16}}
      """)
    let feasibility = PlanFeasibility(experiment, topology: .read(), libraries: libraries)
    let reasons = try Plan(experiment, cpuCount: 1).points.map(feasibility.reason)
    #expect(reasons.map { $0 == nil } == [true, true, false, false, true])
    #expect(reasons[2]?.hasPrefix("no library here multiplies in bf16: no instruction") == true)
    #expect(asked.filter { $0 == .fp32 }.count == 1)
    #expect(asked.filter { $0 == .bf16 }.count == LibraryCandidates.all().flatMap(\.files).count)
  }

  @Test func `a layer file with too few tokens skips its points`() throws {
    let layer = fixture("lookupffn-bh4-d64-repeat2.safetensors")
    let stored = try SafeTensors(contentsOf: layer).shape("input", rank: 2)[0]
    let experiment = try experiment(
      """
      sweeps:
        - {name: a, set: {kernel: lookup, codes: recorded, layer: '\(layer)'}, axes: {tokens: [\(stored), \(stored + 1)]}}
      """)
    let plan = try Plan(experiment, cpuCount: 1)
    _ = try RunInputs(experiment, plan: plan)
    let feasibility = PlanFeasibility(
      experiment, topology: .read(), libraries: LibrarySupport { _, _ in .failed("none") })
    #expect(plan.points.map { feasibility.reason($0) == nil } == [true, false])
    #expect(feasibility.reason(plan.points[1])?.contains("holds \(stored) tokens") == true)
  }

  /// A layer file with this header and as many zero bytes as it names.
  private func write(_ metadata: [String: String], _ tensors: [(String, [Int])], to path: String) throws {
    var header: [String: Any] = ["__metadata__": metadata]
    var offset = 0
    for (name, shape) in tensors {
      let bytes = 4 * shape.reduce(1, *)
      header[name] = ["dtype": "F32", "shape": shape, "data_offsets": [offset, offset + bytes]] as [String: Any]
      offset += bytes
    }
    let json = try JSONSerialization.data(withJSONObject: header)
    var file = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) }
    file += json + Data(count: offset)
    try file.write(to: URL(fileURLWithPath: path))
  }

  private static let dense = [
    ("fc1.weight", [16, 8]), ("fc1.bias", [16]), ("fc2.weight", [8, 16]), ("fc2.bias", [8]), ("input", [4, 8]),
  ]

  @Test(arguments: [
    ("silu", "input", [4, 8], "expected gelu_erf, found 'silu'"), ("gelu_erf", "", [], "expected this tensor"),
    ("gelu_erf", "input", [4, 9], "expected 8 features of a token, found 9"),
    ("gelu_erf", "fc2.bias", [9], "expected shape [8], found [9]"),
  ])
  func `a layer that its kernel refuses is refused before anything is measured`(
    activation: String, tensor: String, shape: [Int], expected: String
  ) throws {
    try withTemporaryDirectory { path in
      let file = "\(path)/layer.safetensors"
      let metadata = ["hidden_size": "8", "intermediate_size": "16", "activation": activation]
      let tensors =
        tensor.isEmpty
        ? Self.dense.dropLast() : Self.dense.map { $0.0 == tensor ? (tensor, shape) : $0 }[...]
      try write(metadata, Array(tensors), to: file)
      let experiment = try experiment("sweeps: [{name: a, set: {kernel: dense, layer: '\(file)', tokens: 2}}]")
      let plan = try Plan(experiment, cpuCount: 1)
      let error = #expect(throws: InputError.self) { try RunInputs(experiment, plan: plan) }
      #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
    }
  }

  @Test func `an output directory that a run would refuse is refused without being touched`() throws {
    try withTemporaryDirectory { path in
      let experiment = try experiment("sweeps: [{name: a, set: {kernel: dense}}]")
      let plan = try Plan(experiment, cpuCount: 1)
      let manifest = Manifest(experiment: experiment, commandLine: [], host: "h", toolVersion: "1", shard: nil)
      func require(_ path: String) throws {
        try RunDirectory.requireUsable(at: path, plan: plan, manifest: manifest, restart: false)
      }
      try require("\(path)/new/deep")
      #expect(!FileManager.default.fileExists(atPath: "\(path)/new"))
      try Data("x".utf8).write(to: URL(fileURLWithPath: "\(path)/notes.txt"))
      #expect(throws: InputError.self) { try require(path) }
      #expect(throws: InputError.self) { try require("\(path)/notes.txt") }
      #expect(throws: InputError.self) { try require("\(path)/notes.txt/run") }
      #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["notes.txt"])
    }
  }

  @Test func `constraints ask the CPUs on which the plan measures`() throws {
    let topology = Topology.read()
    let experiment = try experiment("sweeps: [{name: a, set: {kernel: dense, threads: 1}}]")
    #expect(
      try Plan(experiment, cpuCount: 1).measuringCPUs(topology) == topology.cpus(for: .compact, threads: 1))
  }
}
