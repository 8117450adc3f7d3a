import Kernels
import Plans
import Support

/// A point that cannot run on this machine, with the reason for its row.
package struct PointSkipped: Error, CustomStringConvertible {
  package let description: String

  package init(_ reason: String) {
    description = reason
  }
}

/// Obtains CPUs or memory of the machine. A CPU or node that it lacks skips the point, since the same experiment may
/// be right on another machine.
func available<Resource>(_ resource: () throws -> Resource) throws -> Resource {
  do { return try resource() } catch let missing as any NotAvailableError { throw PointSkipped("\(missing)") }
}

/// Makes kernels and inputs of points. Throws `PointSkipped` where this machine or a layer file cannot provide them.
package protocol KernelSource {
  /// `others` are kernels of the same point with other strategies, with which it may share arrays that both need.
  func kernel(for point: Point, memory: any MemorySource, sharing others: [any Kernel]) throws -> any Kernel
  /// [tokens, hidden] activations.
  func input(for point: Point) throws -> [Float]
  /// The activations of the first `tokens` tokens.
  func input(for point: Point, tokens: Int) throws -> [Float]
}

extension KernelSource {
  package func kernel(for point: Point, memory: any MemorySource) throws -> any Kernel {
    try kernel(for: point, memory: memory, sharing: [])
  }

  package func input(for point: Point, tokens: Int) throws -> [Float] {
    Array(try input(for: point).prefix(tokens * point.hidden))
  }
}

extension Point {
  /// One pass over the point's batch; nil where this CPU lacks its instruction set.
  var pass: Pass? {
    let isa = isa.isa ?? .best
    return isa.isSupported ? Pass(tokens: tokens, threads: threads, isa: isa) : nil
  }
}

/// Builds a point's kernel and its input tokens.
package struct KernelFactory: KernelSource {
  private let experiment: Experiment
  private let libraries: LibraryChoice

  /// `libraries` are the audit's choices; projections, which call no library, need none.
  package init(experiment: Experiment, libraries: LibraryChoice = LibraryChoice()) {
    self.experiment = experiment
    self.libraries = libraries
  }

  package func kernel(for point: Point, memory: any MemorySource, sharing others: [any Kernel]) throws -> any Kernel {
    guard let pass = point.pass else { throw PointSkipped("this CPU cannot run \(point.isa.rawValue)") }
    let layer = try point.layer.map { try SafeTensors(contentsOf: experiment.path(ofLayer: $0)) }
    let site = KernelSite(
      layer: layer, seed: point.seed, pass: pass, library: { try library(point) }, memory: memory, others: others)
    do { return try point.network.kernel(at: site) } catch let lacking as any NotAvailableError {
      throw PointSkipped("\(lacking)")
    }
  }

  /// [tokens, hidden] activations: those stored in the layer's file, or standard normal ones.
  package func input(for point: Point) throws -> [Float] { try input(for: point, tokens: point.tokens) }

  /// A token's activations do not depend on the number of tokens.
  package func input(for point: Point, tokens: Int) throws -> [Float] {
    if let layer = point.layer, point.usesStoredInput {
      let file = try SafeTensors(contentsOf: experiment.path(ofLayer: layer))
      let stored = try file.shape("input", rank: 2)[0]
      if let shortage = point.tokenShortage(stored: stored) { throw PointSkipped(shortage) }
      let values = try file.floats("input", shape: [stored, point.hidden])
      return Array(values.prefix(tokens * point.hidden))
    }
    try CheckedSize.bytes(CheckedSize(tokens) * point.hidden, of: Float.self).requireAllocatable()
    // A random stream other than the weights', whose seed is the point's seed itself.
    var random = RandomSource(seed: point.seed ^ 0x5EED_0F1A_C71D_A7E5)
    return random.normals(tokens * point.hidden)
  }

  private func library(_ point: Point) throws -> BLAS {
    do { return try libraries.library(for: AuditLayer(point)) } catch { throw PointSkipped("\(error)") }
  }
}
