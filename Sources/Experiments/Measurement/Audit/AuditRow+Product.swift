import RunStore

extension AuditRow {
  /// The row of a candidate that was timed for `product`.
  package init(
    layer: String, library: String, version: String?, coreType: String?, coreTypeAsked: String?, path: String,
    product: ProductShape, samples: Int?, medianNanoseconds: Double, gigaflopPerSecond: Double,
    fractionOfFMAPeak: Double?, chosen: Bool
  ) {
    self.init(
      layer: layer, library: library, version: version, coreType: coreType, coreTypeAsked: coreTypeAsked, path: path,
      dtype: product.dtype, m: product.m, n: product.n, k: product.k, samples: samples,
      medianNanoseconds: medianNanoseconds, gigaflopPerSecond: gigaflopPerSecond, fractionOfFMAPeak: fractionOfFMAPeak,
      chosen: chosen)
  }
}
