// JSON has the keys of the machine file: see `MachinePart.encodeFields`.

extension Machine: Encodable {
  public func encode(to encoder: any Encoder) throws { try encodeFields(to: encoder) }
}

extension VectorUnits: Encodable {
  public func encode(to encoder: any Encoder) throws { try encodeFields(to: encoder) }
}

extension CacheDescription: Encodable {
  public func encode(to encoder: any Encoder) throws { try encodeFields(to: encoder) }
}

extension PrefetcherDescription: Encodable {
  public func encode(to encoder: any Encoder) throws { try encodeFields(to: encoder) }
}

extension TLBDescription: Encodable {
  public func encode(to encoder: any Encoder) throws { try encodeFields(to: encoder) }
}

extension MemoryDescription: Encodable {
  public func encode(to encoder: any Encoder) throws { try encodeFields(to: encoder) }
}

extension NUMADescription: Encodable {
  public func encode(to encoder: any Encoder) throws { try encodeFields(to: encoder) }
}

extension LoadedLatencyCurve {
  enum CodingKeys: String, CodingKey {
    case points
    case readRatio = "read_ratio"
  }
}

extension LoadedLatencyCurve.Point: Encodable {
  /// A pair [GB/s, ns], as in the file.
  public func encode(to encoder: Encoder) throws {
    var pair = encoder.unkeyedContainer()
    try pair.encode(gigabytesPerSecond)
    try pair.encode(nanoseconds)
  }
}

extension RandomRowRate: Encodable {
  /// A pair [bytes, rate], as in the file.
  public func encode(to encoder: Encoder) throws {
    var pair = encoder.unkeyedContainer()
    try pair.encode(rowBytes)
    try pair.encode(rate)
  }
}
