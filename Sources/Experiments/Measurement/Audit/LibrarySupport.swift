import Kernels
import Plans

/// The element types that the libraries of this machine support, found without an audit: each library multiplies two
/// small matrices in a process of its own.
public final class LibrarySupport {
  private let candidates: [LibraryCandidates]
  private let measure: BaselineAudit.Measure
  private var known: [ElementType: String?] = [:]

  /// `libraries` are files that are tried in addition to the known ones.
  public init(libraries: [String] = [], measure: @escaping BaselineAudit.Measure = CandidateProcess().measure) {
    candidates = LibraryCandidates.all(paths: libraries)
    self.measure = measure
  }

  /// The reason why no library here computes the products of `point`; nil where one does, or where the point has
  /// none.
  public func shortage(_ point: Point) -> String? {
    AuditLayer(point).flatMap { shortage($0.dtype) }
  }

  private func shortage(_ dtype: ElementType) -> String? {
    if let reason = known[dtype] { return reason }
    let reason = search(dtype)
    known[dtype] = .some(reason)
    return reason
  }

  private func search(_ dtype: ElementType) -> String? {
    let product = ProductShape(m: 16, n: 16, k: 64, dtype: dtype)
    var reasons: [String] = []
    for file in candidates.flatMap(\.files) {
      switch measure(LibraryCandidate(file: file), [product]) {
      case .timed: return nil
      case .failed(let reason): reasons.append(reason)
      }
    }
    return "no library here multiplies in \(dtype.rawValue): \(reasons.joined(separator: "; "))"
  }
}
