/// The two feed-forward networks that a point can run.
public enum KernelKind: String, CaseIterable, Codable, Sendable {
  /// Two matrix products around a GELU.
  case dense
  /// LookupFFN (arXiv 2403.07221): a hash of the token chooses one row of each table.
  case lookup
}
