/// The two feed-forward networks that a point can run.
public enum KernelKind: String, CaseIterable, Codable, Sendable {
  /// Two matrix products around a GELU.
  case dense
  /// LookupFFN (arXiv 2403.07221): a hash of the token chooses one row of each table.
  case lookup
}

extension KernelKind {
  /// Whether other networks are held against this one.
  public var isBaseline: Bool { self == .dense }
  /// Whether this network is held against a baseline.
  public var isHeldAgainstBaseline: Bool { self == .lookup }
}

extension Point {
  public var isBaseline: Bool { kernel.isBaseline }
  public var isHeldAgainstBaseline: Bool { kernel.isHeldAgainstBaseline }
}
