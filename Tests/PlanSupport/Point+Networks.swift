import Kernels
import Plans
import Profiler

/// Points of both networks for tests that do not need to distinguish them by type.

extension KernelKind {
  package static let dense = DenseNetwork.kind
  package static let lookup = LookupNetwork.kind
}

extension Point {
  /// A point whose network `kernel` names; parameters that the network lacks are ignored.
  package init(
    sweep: String, kernel: KernelKind, seed: UInt64, hidden: Int, intermediate: Int? = nil, output: Int,
    tables: Int? = nil, tableRows: Int? = nil, projection: LookupFFNShape.Hash = .bh4, blockSize: Int? = nil,
    dtype: TableType = .fp32, tokens: Int, threads: Int, codes: CodeSource = .uniform,
    strategy: LookupStrategy? = nil, memory: MemoryPolicy = .local
  ) {
    let network: any Network =
      kernel == .dense
      ? DenseNetwork(hidden: hidden, intermediate: intermediate ?? 4 * hidden, dtype: dtype)
      : LookupNetwork(
        hidden: hidden, output: output, tables: tables ?? 1, tableRows: tableRows ?? 2, projection: projection,
        blockSize: blockSize, dtype: dtype, codes: codes, strategy: strategy)
    self.init(
      sweep: sweep, seed: seed, tokens: tokens, placement: Placement(threads: threads, memory: memory),
      network: network)
  }

  /// The look-up network of the point; a trap for any other.
  package var lookup: LookupNetwork {
    get {
      guard let lookup = network as? LookupNetwork else { preconditionFailure("\(label) is no look-up") }
      return lookup
    }
    set { network = newValue }
  }

  /// The dense network of the point; a trap for any other.
  package var dense: DenseNetwork {
    get {
      guard let dense = network as? DenseNetwork else { preconditionFailure("\(label) is not dense") }
      return dense
    }
    set { network = newValue }
  }

  package var intermediate: Int? { (network as? DenseNetwork)?.intermediate }
  package var tables: Int? { (network as? LookupNetwork)?.tables }
  package var tableRows: Int? { (network as? LookupNetwork)?.tableRows }
  package var blockSize: Int? { (network as? LookupNetwork)?.blockSize }
  package var tableBytes: Int? { network.tableBytes }
  package var codes: CodeSource? { (network as? LookupNetwork)?.codes }
  package var projectionDtype: HashType? { (network as? LookupNetwork)?.projectionDtype }
  package var strategy: LookupStrategy? { (network as? LookupNetwork)?.strategy }
}
