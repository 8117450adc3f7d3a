import Kernels
import Profiler

/// The encoding of a point in plan.jsonl, the database and its id: its own fields and those of its network side by
/// side.
extension Point: Codable {
  private enum CodingKeys: String, CodingKey {
    case sweep, kernel, layer, variant, seed, tokens, threads, cpus, memory, pages, isa
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      sweep: try container.decode(String.self, forKey: .sweep),
      layer: try container.decodeIfPresent(String.self, forKey: .layer),
      variant: try container.decodeIfPresent(String.self, forKey: .variant),
      seed: try container.decode(UInt64.self, forKey: .seed),
      tokens: try container.decode(Int.self, forKey: .tokens),
      placement: Placement(
        threads: try container.decode(Int.self, forKey: .threads),
        cpus: try container.decode(CPUPlacement.self, forKey: .cpus),
        memory: try container.decode(MemoryPolicy.self, forKey: .memory),
        pages: try container.decode(PageKind.self, forKey: .pages)),
      isa: try container.decode(ISARequest.self, forKey: .isa),
      network: try container.decode(KernelKind.self, forKey: .kernel).network(from: decoder))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(sweep, forKey: .sweep)
    try container.encode(kernel, forKey: .kernel)
    try container.encodeIfPresent(layer, forKey: .layer)
    try container.encodeIfPresent(variant, forKey: .variant)
    try container.encode(seed, forKey: .seed)
    try container.encode(tokens, forKey: .tokens)
    try container.encode(threads, forKey: .threads)
    try container.encode(cpus, forKey: .cpus)
    try container.encode(memory, forKey: .memory)
    try container.encode(pages, forKey: .pages)
    try container.encode(isa, forKey: .isa)
    try network.encode(to: encoder)
  }

  /// The point as one line of sorted JSON.
  public func canonicalJSON() throws -> String { try CanonicalJSON.encode(self) }
}
