extension Parameter {
  /// What it sets, in a line: for editors, and for people who list parameters.
  public var meaning: String {
    switch self {
    case .kernel: return "The network that runs: two dense products, or table look-ups."
    case .layer: return "A safetensors file beside the experiment, or synthetic."
    case .variant: return "A name for what is otherwise equal; nothing runs differently."
    case .seed: return "Seed of synthetic weights and activations."
    case .hidden: return "Features of a token (d)."
    case .intermediate: return "Features between the two products (ff); dense only."
    case .output: return "Features of an output row; lookup only."
    case .tables: return "Number of tables (T); lookup only."
    case .tableRows: return "Rows of a table, a power of two; lookup only."
    case .projection: return "How a token becomes hash scores; lookup only."
    case .blockSize: return "Side of a block of the BH4 projection, a power of two."
    case .dtype: return "Type of the table entries, or of a dense network's products."
    case .projectionDtype: return "Type of what the hash projection's products multiply; lookup only."
    case .tokens: return "Tokens in a pass."
    case .threads: return "Number of threads, or all that the placement has CPUs for."
    case .partition: return "What the threads of a look-up divide."
    case .codes: return "Where codes come from: uniform, recorded or zipf(s); lookup only."
    case .order: return "How the gather walks through tokens and tables; lookup only."
    case .tokenTile: return "Tokens that pass through all stages together; lookup only."
    case .columnSlice: return "Output columns of a slice; order sliced only."
    case .tableGroup: return "Tables of a group; order sliced only."
    case .prefetchRows: return "Rows ahead of the current one that are prefetched; lookup only."
    case .groupPrefetch: return "Whether the next block of rows is prefetched; lookup only."
    case .cpus: return "Where threads run: compact, scatter, l3, or a list of CPUs such as 0,2,4-7."
    case .memory: return "Where pages lie: local, remote, first-touch, interleave, node:N or replicated."
    case .pages: return "The kind of pages."
    case .isa: return "The instruction-set path."
    }
  }
}
