/// The source of a machine's figure.
public struct Provenance: Equatable, Sendable, Encodable {
  public enum Tag: String, CaseIterable, Sendable, Encodable {
    /// Measured by a benchmark on such a machine.
    case measured
    /// Stated in its maker's documents.
    case vendor
    /// Stated by journalists, or before the machine existed.
    case press
    /// Assumed, without a source that can be cited.
    case assumed
  }

  public var tag: Tag
  public var source: String

  public init(tag: Tag, source: String) {
    self.tag = tag
    self.source = source
  }
}

extension Provenance.Tag {
  /// How far a figure with this tag may be off, as a share of the figure.
  ///
  /// These are stated assumptions, not statistics: a benchmark repeats within a few per cent (5 %); a data sheet states
  /// nominal values that boards and firmware miss (10 %); the press rounds and quotes early samples (20 %); a guess by
  /// analogy with a relative of the machine is off by up to a generation's step, about a quarter (25 %).
  public var relativeUncertainty: Double {
    switch self {
    case .measured: 0.05
    case .vendor: 0.10
    case .press: 0.20
    case .assumed: 0.25
    }
  }
}

extension Machine {
  /// The tag of the figure at `keyPath`: its own, or that of the nearest enclosing path, or `assumed`.
  public func tag(of keyPath: String) -> Provenance.Tag {
    var path = Substring(keyPath)
    while !path.isEmpty {
      if let entry = provenance[String(path)] { return entry.tag }
      guard let cut = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { break }
      path = path[..<cut]
    }
    return .assumed
  }
}
