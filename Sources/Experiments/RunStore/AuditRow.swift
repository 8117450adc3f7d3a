import GRDB
import Plans

/// One product of one library with one core type, or a candidate that could not be timed: a row of audit.csv.
public struct AuditRow: RunRow, Equatable, Sendable {
  public static let table = "audit"

  /// The layer that the product belongs to, such as `dense 512-2048-512`; nil for a candidate that could not be
  /// timed.
  public var layer: String?
  public var library: String
  public var version: String?
  /// The core type as the library names it; for a candidate that could not be timed, the requested one.
  public var coreType: String?
  /// The core type that was forced; nil where the library chose.
  public var coreTypeAsked: String?
  /// The file that the library was loaded from.
  public var path: String?
  /// The product's element type; for a candidate that could not be timed, the type for which it was tried.
  public var dtype: ElementType?
  /// The sizes of C[m, n] = A[m, k] B[n, k]^T.
  public var m: Int?
  public var n: Int?
  public var k: Int?
  public var samples: Int?
  /// The median time of one product on one thread.
  public var medianNanoseconds: Double?
  public var gigaflopPerSecond: Double?
  /// The rate as a fraction of the element type's peak, measured on one thread in the same run.
  public var fractionOfFMAPeak: Double?
  /// Whether the layer's points ran on it, because it took the least time over all products of the layer.
  public var chosen: Bool
  /// The reason why it could not be timed or chosen.
  public var reason: String?

  public enum CodingKeys: String, CodingKey, CaseIterable {
    case layer
    case library
    case version
    case coreType = "core_type"
    case coreTypeAsked = "core_type_asked"
    case path
    case dtype
    case m
    case n
    case k
    case samples
    case medianNanoseconds = "median_ns"
    case gigaflopPerSecond = "gflop_per_s"
    case fractionOfFMAPeak = "fraction_of_fma_peak"
    case chosen
    case reason
  }

  public init(
    layer: String? = nil, library: String, version: String? = nil, coreType: String? = nil,
    coreTypeAsked: String? = nil, path: String? = nil, dtype: ElementType? = nil, m: Int? = nil,
    n: Int? = nil, k: Int? = nil, samples: Int? = nil, medianNanoseconds: Double? = nil,
    gigaflopPerSecond: Double? = nil, fractionOfFMAPeak: Double? = nil,
    chosen: Bool = false, reason: String? = nil
  ) {
    self.layer = layer
    self.library = library
    self.version = version
    self.coreType = coreType
    self.coreTypeAsked = coreTypeAsked
    self.path = path
    self.dtype = dtype
    self.m = m
    self.n = n
    self.k = k
    self.samples = samples
    self.medianNanoseconds = medianNanoseconds
    self.gigaflopPerSecond = gigaflopPerSecond
    self.fractionOfFMAPeak = fractionOfFMAPeak
    self.chosen = chosen
    self.reason = reason
  }

  /// `OpenBLAS 0.3.21 SkylakeX`.
  public var title: String { [library, version, coreType].compactMap { $0 }.joined(separator: " ") }

  /// `1024 x 2048 x 512`.
  public var shape: String? {
    guard let m, let n, let k else { return nil }
    return "\(m) x \(n) x \(k)"
  }
}
