/// The two feed-forward networks that a point can run.
public enum KernelKind: String, CaseIterable, Codable, Sendable {
  /// Two matrix products around a GELU.
  case dense
  /// LookupFFN (arXiv 2403.07221): a hash of the token chooses one row of each table.
  case lookup

  /// Part of a point's identity: raise it when a change to the kernel can change its speed, so that a resumed run
  /// measures the new kernel instead of keeping the old one's samples.
  public var version: String {
    switch self {
    case .dense: return "1"
    case .lookup: return "1"
    }
  }
}
