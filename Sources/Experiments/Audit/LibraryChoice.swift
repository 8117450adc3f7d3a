import Kernels

/// The library behind each layer's products: the audit's winner, else the first of the known ones.
struct LibraryChoice {
  private var chosen: [AuditLayer: BLAS] = [:]
  /// What went wrong on the way, for people.
  private(set) var problems: [String] = []

  /// No audit: for projections, which call no library.
  init() {}

  /// Loads the winners of `audit` for `layers`.
  init(_ layers: [AuditLayer], _ audit: BaselineAudit) {
    for layer in layers {
      guard let winner = audit.winners[layer] else {
        problems.append(
          "no library could be audited for \(layer.name): its baseline is the first library found, if any")
        continue
      }
      do {
        let library = try BLAS.load(winner)
        let timed = audit.rows.first { $0.chosen && $0.layer == layer.name && $0.m == layer.products.first?.m }
        // Kernels that were picked otherwise here than in the process that timed them were not audited.
        if let timed, timed.coreType != library.coreType {
          problems.append(
            "\(library.fullTitle) runs \(layer.name), but \(timed.coreType ?? "another core type") was audited")
        }
        chosen[layer] = library
      } catch {
        problems.append("\(layer.name): the fastest library cannot be loaded again: \(error)")
      }
    }
  }

  func library(for layer: AuditLayer?) throws -> BLAS {
    if let layer, let library = chosen[layer] { return library }
    return try BLAS.load(for: layer?.dtype ?? .fp32)
  }

  /// Each library once, in the order of `layers`; a failure where none of them has one.
  func used(by layers: [AuditLayer]) -> Result<[BLAS], any Error> {
    var libraries: [BLAS] = []
    var failure: (any Error)?
    for layer in layers {
      do {
        let library = try library(for: layer)
        if !libraries.contains(where: { $0 === library }) { libraries.append(library) }
      } catch { failure = error }
    }
    if let failure, libraries.isEmpty { return .failure(failure) }
    return .success(libraries)
  }
}
