import Kernels
import RunStore

/// The library for each layer's products: the audit's winner, else the first known one. It is text, so that a run can
/// store it and the process of each point can load what it needs.
package struct LibraryChoice: Codable, Equatable {
  struct Choice: Codable, Equatable {
    var layer: AuditLayer
    var library: LibraryCandidate
    /// The core type that the audit timed.
    var coreType: String?
  }

  private(set) var choices: [Choice] = []

  /// A choice without an audit, for projections, which call no library.
  package init() {}

  /// The winners of `audit` for `layers`.
  init(_ layers: [AuditLayer], _ audit: BaselineAudit) {
    choices = layers.compactMap { layer in
      audit.winners[layer].map { winner in
        let timed = audit.rows.first { $0.chosen && $0.layer == layer.name && $0.m == layer.products.first?.m }
        return Choice(layer: layer, library: winner, coreType: timed?.coreType)
      }
    }
  }

  /// The part of the choice that a process needs that runs only `layer`.
  func only(_ layer: AuditLayer?) -> LibraryChoice {
    var own = self
    own.choices.removeAll { $0.layer != layer }
    return own
  }

  func hasChoice(for layer: AuditLayer) -> Bool { choices.contains { $0.layer == layer } }

  func library(for layer: AuditLayer?) throws -> BLAS {
    guard let choice = choices.first(where: { $0.layer == layer }) else {
      return try BLAS.load(for: layer?.dtype ?? .fp32)
    }
    let library = try BLAS.load(choice.library)
    // A core type other than the audited one was not audited.
    guard library.coreType == choice.coreType else {
      throw OtherKernels(library: library.fullTitle, audited: choice.coreType)
    }
    return library
  }
}

private struct OtherKernels: Error, CustomStringConvertible {
  let library: String
  let audited: String?

  var description: String { "\(library) was loaded, but \(audited ?? "another core type") was audited" }
}
