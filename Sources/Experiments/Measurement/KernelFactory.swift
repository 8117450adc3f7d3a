import Kernels
import Plans
import Support

/// A point that cannot run here, with the reason for its row.
package struct PointSkipped: Error, CustomStringConvertible {
  package let description: String

  package init(_ reason: String) {
    description = reason
  }
}

/// Asks the machine for CPUs or memory. What it does not have (a CPU, a node) skips the point: the same experiment is right
/// on another machine.
func available<Resource>(_ resource: () throws -> Resource) throws -> Resource {
  do { return try resource() } catch let missing as any NotAvailableError { throw PointSkipped("\(missing)") }
}

/// Turns a point into something that runs. Throws `PointSkipped` where this machine or file cannot.
package protocol KernelSource {
  /// `others` are kernels of the same point with other strategies, with which it may share what both hold.
  func kernel(for point: Point, memory: any MemorySource, sharing others: [any Kernel]) throws -> any Kernel
  /// [tokens, hidden] activations.
  func input(for point: Point) throws -> [Float]
  /// The first `tokens` of them.
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
  /// One pass over the point's batch; nil where its instruction-set path cannot run here.
  var pass: Pass? {
    let isa = isa.isa ?? .best
    return isa.isSupported ? Pass(tokens: tokens, threads: threads, isa: isa) : nil
  }
}

/// Builds what a point describes: the kernel and its input tokens.
package struct KernelFactory: KernelSource {
  private let experiment: Experiment
  private let libraries: LibraryChoice

  /// `libraries` are those that an audit chose; projections, which call none, need none.
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

  /// The first `tokens` tokens are the same however many are asked for.
  package func input(for point: Point, tokens: Int) throws -> [Float] {
    if let layer = point.layer, point.usesStoredInput {
      let file = try SafeTensors(contentsOf: experiment.path(ofLayer: layer))
      let stored = try file.shape("input", rank: 2)[0]
      if let shortage = point.tokenShortage(stored: stored) { throw PointSkipped(shortage) }
      let values = try file.floats("input", shape: [stored, point.hidden])
      return Array(values.prefix(tokens * point.hidden))
    }
    try CheckedSize.bytes(CheckedSize(tokens) * point.hidden, of: Float.self).requireAllocatable()
    // Another stream than the weights', which start from the seed itself.
    var random = RandomSource(seed: point.seed ^ 0x5EED_0F1A_C71D_A7E5)
    return random.normals(tokens * point.hidden)
  }

  private func library(_ point: Point) throws -> BLAS {
    do { return try libraries.library(for: AuditLayer(point)) } catch { throw PointSkipped("\(error)") }
  }
}
