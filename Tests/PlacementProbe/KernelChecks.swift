import Kernels
import Profiler

/// Runs a small layer on threads and memory that were placed, on every instruction-set path that this CPU has, and compares
/// the outputs with the reference.
func checkKernels(_ expected: Arguments, _ pool: PinnedPool, _ topology: Topology, _ table: inout CheckTable) throws {
  table.check("instruction sets", try expected["isa"], ISA.supported.map(\.rawValue).joined(separator: ","))
  let shape = LookupFFNShape(hidden: 96, output: 96, tables: 8, tableRows: 16, hash: .bh4, blockSize: 16)
  let parameters = try LookupFFNParameters.random(shape, seed: 1)
  let tokens = 100
  for isa in ISA.supported {
    for policy in [MemoryPolicy.local, .remote, .interleave] {
      let memory = PolicyMemory(policy: policy, pool: pool, topology: topology)
      let kernel = try LookupFFN(parameters, isa: isa, memory: memory)
      let input = try memory.floats(tokens * shape.hidden, for: .input)
      var random = RandomSource(seed: 2)
      input.base.update(from: random.normals(input.count), count: input.count)
      let output = try memory.floats(tokens * shape.output, for: .output)
      let workers = try partition(tokens: tokens, workers: pool.threadCount).enumerated().map { index, share in
        try kernel.worker(index: index, tokens: share, memory: memory)
      }
      pool.run { workers[$0].run(input: input.base, output: output.base) }
      let check = try kernel.check(input: input.base, output: output.base, tokens: Array(0..<tokens))
      table.check("look-ups \(isa.rawValue), memory \(policy)", "passed", check.failure ?? "passed")
    }
  }
}

private struct PolicyMemory: MemorySource {
  let policy: MemoryPolicy
  let pool: PinnedPool
  let topology: Topology

  func floats(_ count: Int, for role: MemoryRole) throws -> FloatBuffer {
    let memory = try PlacedMemory(
      bytes: max(1, count) * MemoryLayout<Float>.stride, policy: policy, owners: pool.verifiedCPUs, topology: topology)
    try memory.touch(by: pool)
    return FloatBuffer(base: memory.base.assumingMemoryBound(to: Float.self), count: count, owner: memory)
  }
}
