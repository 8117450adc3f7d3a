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
  func kernel(for point: Point, memory: any MemorySource) throws -> any Kernel
  /// [tokens, hidden] activations.
  func input(for point: Point) throws -> [Float]
  /// The first `tokens` of them.
  func input(for point: Point, tokens: Int) throws -> [Float]
}

extension KernelSource {
  package func input(for point: Point, tokens: Int) throws -> [Float] {
    Array(try input(for: point).prefix(tokens * point.hidden))
  }
}

extension Point {
  /// The pass of a look-up point; nil for dense, and where its instruction-set path cannot run here.
  package var task: LookupTask? {
    let isa = isa.isa ?? .best
    guard kernel == .lookup, let tables, let tableRows, let projection, isa.isSupported else { return nil }
    let shape = LookupFFNShape(
      hidden: hidden, output: output, tables: tables, tableRows: tableRows, projection: projection,
      blockSize: blockSize ?? 1)
    return LookupTask(
      shape: shape, tableType: dtype, projectionType: projectionDtype ?? .fp32, isa: isa, team: team, tokens: tokens)
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

  package func kernel(for point: Point, memory: any MemorySource) throws -> any Kernel {
    guard let isa = point.isa == .auto ? ISA.best : point.isa.isa, isa.isSupported else {
      throw PointSkipped("this CPU cannot run \(point.isa.rawValue)")
    }
    switch point.kernel {
    case .dense:
      let (parameters, library) = (try denseParameters(point), try library(point))
      do {
        return try DenseFFN(parameters, dtype: point.dtype, isa: isa, blas: library, memory: memory)
      } catch let unsupported as UnsupportedProduct { throw PointSkipped("\(unsupported)") }
    case .lookup:
      guard let strategy = point.strategy else {
        throw PointSkipped("its strategy (order: auto) is chosen by measuring, which a run does")
      }
      let parameters = try lookupParameters(point)
      let blas = parameters.shape.projection == .dense ? try library(point) : nil
      let layer: LookupFFN
      do {
        layer = try LookupFFN(
          parameters, tableType: point.dtype, projectionType: point.projectionDtype ?? .fp32, strategy: strategy,
          team: point.team, isa: isa, blas: blas, memory: memory)
      } catch let unsupported as UnsupportedProduct { throw PointSkipped("\(unsupported)") }
      if case .zipf(let exponent) = point.codes {
        // An order of rows for each table, the weights of a table, and the rows drawn.
        let drawn =
          (CheckedSize(layer.shape.tables) + 2) * layer.shape.tableRows + CheckedSize(point.tokens) * layer.shape.tables
        try CheckedSize.bytes(drawn, of: Int32.self).requireAllocatable()
        let rows = ZipfRows.draw(
          exponent: exponent, tables: layer.shape.tables, tableRows: layer.shape.tableRows, tokens: point.tokens,
          seed: point.seed)
        try layer.draw(rows: rows, memory: memory)
      }
      return layer
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

  private func denseParameters(_ point: Point) throws -> DenseFFNParameters {
    if let layer = point.layer {
      return try DenseFFNParameters(SafeTensors(contentsOf: experiment.path(ofLayer: layer)))
    }
    let shape = DenseFFNShape(hidden: point.hidden, intermediate: point.intermediate ?? 4 * point.hidden)
    let weights = CheckedSize(shape.hidden) * shape.intermediate * 2
    try CheckedSize.bytes(weights, of: Float.self).requireAllocatable()
    return DenseFFNParameters.random(shape, seed: point.seed)
  }

  /// The stored layer where the file holds look-up tables, else a random layer of the point's dimensions.
  private func lookupParameters(_ point: Point) throws -> LookupFFNParameters {
    if let layer = point.layer {
      let file = try SafeTensors(contentsOf: experiment.path(ofLayer: layer))
      if file.tensors["tables"] != nil { return try LookupFFNParameters(file) }
    }
    guard let tables = point.tables, let rows = point.tableRows, let projection = point.projection else {
      preconditionFailure("a look-up point without tables: \(point.label)")
    }
    return try LookupFFNParameters.random(
      LookupFFNShape(
        hidden: point.hidden, output: point.output, tables: tables, tableRows: rows, projection: projection,
        blockSize: point.blockSize ?? 1),
      seed: point.seed)
  }
}
