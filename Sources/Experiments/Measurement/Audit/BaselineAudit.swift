import Kernels
import Plans
import RunStore
import Statistics

/// Finds the library and core type that is the fastest for each layer; a slow baseline would flatter every speed-up.
public struct BaselineAudit {
  /// Every candidate and product, timed or not, in the order of the candidates.
  public var rows: [AuditRow] = []
  /// The fastest candidate of each layer for which one could be timed.
  public var winners: [AuditLayer: LibraryCandidate] = [:]

  /// A baseline below this share of the measured peak of its element type is suspect: a healthy product of these shapes
  /// reaches 85 to 95 % in fp32.
  public static let healthyFraction = 0.7

  /// Times a candidate for products.
  public typealias Measure = (LibraryCandidate, [ProductShape]) -> CandidateOutcome

  /// The element type of rows for candidates that could not be timed.
  private var dtype = ElementType.fp32

  public init() {}

  /// Times every candidate and chooses, for one element type after the other, since a library that lacks one type may
  /// be the fastest in another. `peaks` are the measured multiply-add peaks of one thread in 10^9 operations per
  /// second.
  public init(
    _ layers: [AuditLayer], candidates: [LibraryCandidates], peaks: [ElementType: Double],
    progress: (String) -> Void = { _ in }, measure: Measure = CandidateProcess().measure
  ) {
    for dtype in ElementType.allCases {
      let own = layers.filter { $0.dtype == dtype }
      if own.isEmpty { continue }
      let audit = BaselineAudit(
        own, of: dtype, candidates: candidates, peak: peaks[dtype], progress: progress, measure: measure)
      rows += audit.rows
      winners.merge(audit.winners) { first, _ in first }
    }
  }

  private init(
    _ layers: [AuditLayer], of dtype: ElementType, candidates: [LibraryCandidates], peak: Double?,
    progress: (String) -> Void, measure: Measure
  ) {
    self.dtype = dtype
    var products: [ProductShape] = []
    for product in layers.flatMap(\.products) where !products.contains(product) { products.append(product) }
    var timed: [(candidate: LibraryCandidate, asked: String?, report: CandidateReport)] = []
    for library in candidates {
      progress("auditing \(library.name) in \(dtype.rawValue)")
      guard let own = load(library, products, measure) else { continue }
      let equivalent = timed.first { Self.sameKernels($0.report, own.report) }
      if let equivalent {
        reject(own.report, asked: nil, "the same as \(equivalent.report.path), which is timed already")
        continue
      }
      timed.append((own.candidate, nil, own.report))
      var seen = [own.report.coreType?.lowercased()]
      for coreType in library.coreTypes where !seen.contains(coreType.lowercased()) {
        let candidate = LibraryCandidate(file: own.candidate.file, coreType: coreType)
        switch measure(candidate, products) {
        case .failed(let reason):
          rows.append(
            AuditRow(
              library: own.report.name, version: own.report.version, coreType: coreType, coreTypeAsked: coreType,
              path: own.report.path, dtype: dtype, reason: reason))
        case .timed(let report) where report.coreType?.lowercased() != coreType.lowercased():
          // A second entry under this name would repeat the first.
          reject(report, asked: coreType, "asked for \(coreType), found \(report.coreType ?? "an unnamed one")")
        case .timed(let report):
          seen.append(coreType.lowercased())
          timed.append((candidate, coreType, report))
        }
      }
    }
    progress("timing the fastest candidates again")
    for index in Self.contenders(timed.map(\.report), layers) {
      guard case .timed(let again) = measure(timed[index].candidate, products) else { continue }
      timed[index].report.keepFaster(again)
    }
    let rejected = rows
    rows = []
    for layer in layers {
      let winner = Self.fastest(timed.map(\.report), for: layer)
      if let winner { winners[layer] = timed[winner].candidate }
      for (index, entry) in timed.enumerated() {
        rows += layer.products.compactMap { product in
          Self.row(layer, product, entry.report, asked: entry.asked, peak: peak, chosen: index == winner)
        }
      }
    }
    rows += rejected
  }

  /// The first of the library's files that loads, with the library's own choice of core type; nil, with rows that
  /// give the reasons, where none loads.
  private mutating func load(
    _ library: LibraryCandidates, _ products: [ProductShape], _ measure: Measure
  ) -> (candidate: LibraryCandidate, report: CandidateReport)? {
    var reasons: [String] = []
    for file in library.files {
      let candidate = LibraryCandidate(file: file)
      switch measure(candidate, products) {
      case .timed(let report): return (candidate, report)
      case .failed(let reason): reasons.append(reason)
      }
    }
    rows.append(AuditRow(library: library.name, dtype: dtype, reason: reasons.joined(separator: "; ")))
    return nil
  }

  private mutating func reject(_ report: CandidateReport, asked: String?, _ reason: String) {
    rows.append(
      AuditRow(
        library: report.name, version: report.version, coreType: report.coreType, coreTypeAsked: asked,
        path: report.path, dtype: dtype, reason: reason))
  }

  /// Whether both are the same library with the same kernels, for instance found by name and by path.
  private static func sameKernels(_ one: CandidateReport, _ other: CandidateReport) -> Bool {
    one.path == other.path && one.coreType == other.coreType
  }

  /// The largest factor by which other load is expected to slow a candidate down.
  private static let disturbance = 2.0

  /// Candidates that could be the fastest of a layer if they were disturbed; they are timed again some seconds later.
  static func contenders(_ reports: [CandidateReport], _ layers: [AuditLayer]) -> [Int] {
    reports.indices.filter { index in
      layers.contains { layer in
        guard let own = reports[index].time(layer), let best = reports.compactMap({ $0.time(layer) }).min() else {
          return false
        }
        return own <= disturbance * best
      }
    }
  }

  /// The place of the report with the least time over all products of `layer`, each once; the first one of equals.
  static func fastest(_ reports: [CandidateReport], for layer: AuditLayer) -> Int? {
    let times = reports.enumerated().compactMap { index, report in report.time(layer).map { (index: index, time: $0) } }
    return times.min { $0.time < $1.time }?.index
  }

  private static func row(
    _ layer: AuditLayer, _ product: ProductShape, _ report: CandidateReport, asked: String?, peak: Double?, chosen: Bool
  ) -> AuditRow? {
    guard let median = report.median(product) else { return nil }
    let rate = product.flops / median
    return AuditRow(
      layer: layer.name, library: report.name, version: report.version, coreType: report.coreType,
      coreTypeAsked: asked, path: report.path, product: product,
      samples: report.timings.first { $0.product == product }?.samples.count, medianNanoseconds: median,
      gigaflopPerSecond: rate, fractionOfFMAPeak: peak.map { rate / $0 }, chosen: chosen)
  }
}

extension CandidateReport {
  /// Nanoseconds for all products of `layer`, each once; nil where one of them was not timed.
  func time(_ layer: AuditLayer) -> Double? {
    var total = 0.0
    for product in layer.products {
      guard let median = median(product) else { return nil }
      total += median
    }
    return total
  }

  /// Keeps for each product the round with the lower median, since disturbances only ever lengthen one.
  mutating func keepFaster(_ other: CandidateReport) {
    for index in timings.indices {
      let product = timings[index].product
      guard let own = median(product), let again = other.median(product), again < own else { continue }
      timings[index].samples = other.timings.first { $0.product == product }?.samples ?? timings[index].samples
    }
  }

  /// Nanoseconds of one `product`; nil where it was not timed.
  func median(_ product: ProductShape) -> Double? {
    guard let samples = timings.first(where: { $0.product == product })?.samples, !samples.isEmpty else { return nil }
    return quantile(samples.sorted(), 0.5)
  }
}
