import Support

// The one table of a machine file's keys, part by part, in the order in which they are written. docs/reference/model.md
// lists the figures as this table has them, which a test compares. docs/how-to/add-a-machine-figure.md says how to add
// one.

private let geometry = FigureRole.fixed("it changes the traffic")
private let unused = FigureRole.fixed("no equation uses it yet")
private let wholeNumber = FigureRole.fixed("whole number")

extension Machine: MachinePart {
  static let fields: [Field<Machine>] = [
    Field(
      key: "schema",
      read: { value, _, _ in
        guard try value.string() != Machine.schema else { return }
        throw value.error("expected \(Machine.schema), found \(quote(try value.string()))")
      }, yaml: { _ in Machine.schema }, json: { _ in Machine.schema }),
    .name("name", \.name),
    Field(
      key: "description", read: { value, machine, _ in machine.description = try value.string() },
      yaml: { $0.description.isEmpty ? nil : quoted($0.description) }, json: { $0.description }),
    Field(
      key: "status", read: { value, machine, _ in machine.status = try value.choice() },
      yaml: { $0.status == .current ? nil : $0.status.rawValue }, json: { $0.status }),
    Field(
      key: "generation", read: { value, machine, _ in machine.generation = try value.name() },
      yaml: { $0.generation.map(quoted) },
      json: { machine in machine.generation.map { $0 as any Encodable & Sendable } }),
    // The reader has begun with the donor.
    Field(key: "based_on", read: { _, _, _ in }, yaml: { _ in nil }, json: { _ in nil }),
    Field(
      key: "sources",
      read: { value, machine, _ in
        machine.sources = value.isList ? try value.list().map { try $0.string() } : [try value.string()]
      },
      yaml: { $0.sources.isEmpty ? nil : yamlBlock($0.sources.map { "  - \(quoted($0))" }) }, json: { $0.sources }),

    .number("cores", \.cores, in: 1...4096, .cores, wholeNumber, "physical cores of one socket")
      .neededToProject
      .reading { value, machine, _ in machine.setCores(try value.int(in: 1...4096)) }
      .replacing { $0.setCores(max(1, Int(min($1.rounded(), 0x1p31)))) },
    .number(
      "effective_cores", \.effectiveCores, in: 1...4096, .cores, .rate,
      "cores' worth of multiply-adds that all cores reach together: fewer than `cores` where the clock falls under load or "
        + "two \"cores\" of a virtual machine are one (default: no limit); with another number of `cores`, in a grid or on "
        + "a donor's, it is as many times as large"
    )
    .rule("at most `cores`")
    .fixedInBand("like `cores`"),
    .number(
      "frequency_ghz", \.frequencyGHz, in: 0.1...10, .gigahertz, .rate,
      "core frequency sustained with all cores busy"
    )
    .neededToProject,
    .section(
      "simd", \.simd, empty: VectorUnits(isa: "", widthBits: 0, fmaUnits: 0),
      change: { machine, change in
        guard var units = machine.simd else { return }
        change(&units)
        machine.simd = units
      },
      yaml: { "{\($0.joined(separator: ", "))}" }
    )
    .neededToProject,
    .sections(
      "caches", \.caches, change: { if $1 < $0.caches.count { $2(&$0.caches[$1]) } },
      read: { value, machine, reader in
        machine.caches = try reader.caches(value, changing: machine.caches, cores: machine.cores)
      }
    )
    .required,
    .sections("tlb", \.tlb, change: { _, _, _ in }) { value, machine, reader in
      machine.tlb = try reader.translations(value)
    },
    .flag(
      "transfers_overlap", \.transfersOverlap,
      "whether a core works on while lines are on their way to it; true on every host whose `overlap` was measured, since "
        + "its rates are from each level to the core"
    )
    .neededToProject,
    .number(
      "overlap", \.overlap, in: 0...1, .share, .rate,
      "where they do, the share of the shorter of both that hides behind the longer"
    )
    .assumed(0.75).atMost(1),
    .sections("memory", \.memory, change: { if $1 < $0.memory.count { $2(&$0.memory[$1]) } }) {
      value, machine, reader in
      // A new list of memories does not inherit the sources of a donor's.
      machine.provenance = machine.provenance.filter { !$0.key.hasPrefix("memory") }
      machine.memory = try reader.memories(value)
    }
    .neededToProject,
    .section(
      "numa", \.numa, empty: NUMADescription(nodes: 1),
      change: { machine, change in
        guard var numa = machine.numa else { return }
        change(&numa)
        machine.numa = numa
      }, yaml: { yamlBlock($0.map { "  \($0)" }) }),
    Field(
      key: "provenance",
      read: { value, machine, reader in machine.provenance.merge(try reader.provenance(value)) { $1 } },
      yaml: { machine in
        machine.provenance.isEmpty
          ? nil
          : yamlBlock(
            machine.provenance.sorted { $0.key < $1.key }.map { key, entry in
              "  \(quoted(key)): {tag: \(entry.tag.rawValue), source: \(quoted(entry.source))}"
            })
      }, json: { $0.provenance }),
  ]

  /// The core count changes effective cores in proportion.
  private mutating func setCores(_ count: Int) {
    effectiveCores = effectiveCores(of: count)
    cores = count
  }
}

extension VectorUnits: MachinePart {
  /// GEMM libraries reach 85 to 95 % of the peak on server cores (OpenBLAS on Zen 5 88 to 92 %,
  /// docs/reference/methods.md).
  package static let assumedGEMMEfficiency = AssumedFigure(slow: 0.85, expected: 0.9, fast: 0.95)

  static let fields: [Field<VectorUnits>] = [
    Field(
      key: "isa", isRequired: true, read: { value, units, _ in units.isa = try value.string() },
      yaml: { quoted($0.isa) }, json: { $0.isa },
      figure: Figure(
        unit: .word, role: .fixed("no number"), meaning: "instruction set, such as `avx512`; for information")),
    .number(
      "width_bits", \.widthBits, in: 32...2048, step: 32, .bits, wholeNumber,
      "width of a vector operation as the unit executes it: 256 where AVX-512 is split in two"
    )
    .required
    .replacing { $0.widthBits = max(32, Int((min($1, 0x1p31) / 32).rounded()) * 32) },
    .number(
      "fma_units", \.fmaUnits, in: 1...16, .units, wholeNumber, "fused multiply-adds of that width started per cycle"
    )
    .required,
    // 65,536: far beyond the 1,024 of current matrix units. Below 1 is what unoptimised builds measure on busy machines.
    .number(
      "bf16_per_cycle", \.bf16PerCycle, in: 0.001...65_536, .multiplyAddsPerCycle, .rate,
      "multiply-adds of bf16 operands per cycle and core, matrix units included; without the key a bf16 product has no "
        + "projection, and the row's notes name the key"),
    .number(
      "int8_per_cycle", \.int8PerCycle, in: 0.001...65_536, .multiplyAddsPerCycle, .rate,
      "multiply-adds of int8 operands per cycle and core, matrix units included"),
    .number(
      "product_share", \.gemmEfficiency, in: 0.05...1, .share, .rate,
      "share of the multiply-add peak, as the file's frequency, width and units state it, that a register-tiled fp32 "
        + "product on packed panels reaches; a clock that falls under wide vectors is part of it"
    )
    .assumed(VectorUnits.assumedGEMMEfficiency).atMost(1)
    // A sensitivity is a slope: it goes beyond the peak.
    .scaling { units, factors in units.gemmEfficiency = units.gemmEfficiency.map { $0 * factors.rate } },
    // 4 cycles on all server cores of the catalogue whose makers state it. Window and issue width: below those of the one
    // core that was measured (Zen 3: 104 operations and 5.5 instructions), since smaller cores are among those machines.
    // Overlap: that core's (0.77), rounded.
    .number(
      "latency_cycles", \.latencyCycles, in: 0.5...100, .cycles, .delay,
      "latency of a dependent multiply-add"
    )
    .assumed(4),
    .number(
      "window", \.schedulerWindow, in: 1...10_000, .operations, .rate,
      "vector operations that a core's scheduler holds while later instructions go on"
    )
    .assumed(100),
    .number(
      "issue_width", \.issueWidth, in: 0.1...64, .instructionsPerCycle, .rate,
      "instructions started per cycle at most"
    )
    .assumed(5),
  ]
}

extension CacheDescription: MachinePart {
  static let fields: [Field<CacheDescription>] = [
    .name("name", \.name),
    // 1 TiB: no cache is larger, and the simulator's tags for it would not fit either.
    .bytes("size", \.sizeBytes, in: 1...0x1p40, geometry, "capacity of one instance, such as `48KiB`")
      .required
      .rule("= sets x `ways` x `line`, sets any whole number; not below the level before")
      .sensitivity(.movedWithTraffic)
      .scaling { cache, factors in cache.setSets(Double(cache.sets) * factors.rate) }
      .replacing { cache, bytes in cache.setSets(bytes / Double(cache.ways * cache.lineBytes)) },
    .number("ways", \.ways, in: 1...65_536, .ways, geometry, "lines of one set")
      .required.rule("`plru`: up to 64"),
    .bytes(
      "line", \.lineBytes, in: 8...4096, isWrittenPlain: true, geometry,
      "bytes of a line (default 64, the same for all levels)"
    )
    .rule("power of two"),
    .number("shared_by", \.sharedByCores, in: 1...4096, .cores, geometry, "cores that share one instance (default 1)")
      .rule("at most `cores`, multiple of the level before"),
    .number(
      "latency_cycles", \.latencyCycles, in: 1...10_000, .cycles, .delay, "load-to-use latency of a hit"
    )
    .neededToProject
    // A load from the first level is part of the instructions that use it.
    .used(fromLevel: 1),
    .number(
      "bytes_per_cycle", \.bytesPerCycle, in: 0.1...10_000, .bytesPerCycle, .rate,
      "what one core's sequential reads sustain to the level before (the first: to the registers); what a victim level "
        + "takes in return is included"
    )
    .neededToProject
    .reading { value, cache, _ in
      cache.bytesPerCycle = try value.double(in: 0.1...10_000)
      // With another bandwidth a donor's random-row rates no longer hold.
      cache.randomRows = []
      cache.randomRowPieces = []
    }
    .replacing { cache, rate in
      let factor = rate / (cache.bytesPerCycle ?? rate)
      cache.bytesPerCycle = rate
      cache.randomRows.scale(by: factor)
      cache.randomRowPieces.scale(by: factor)
    },
    .number(
      "write_bytes_per_cycle", \.writeBytesPerCycle, in: 0.1...10_000, .bytesPerCycle, .rate,
      "bytes that one core's sequential ordinary stores sustain to lines of this level, fetching and writing back "
        + "included; projections use the first level's (default: half of `bytes_per_cycle`)"
    )
    .used(to: 0),
    .rows(
      "random_rows", \.randomRows, .rowsPerCycle,
      "list of `[row bytes, bytes per cycle]`: one core reads whole rows at random, with many in flight"
    )
    .moving { $0.scaleRows($1) }.scaling { $0.scaleRows($1) }
    .used(fromLevel: 1),
    .rows(
      "random_row_pieces", \.randomRowPieces, .rowsPerCycle,
      "list of `[piece bytes, bytes per cycle]`: one core reads rows at random in eight pieces, one piece of each of 128 "
        + "rows before the next piece of any"
    )
    .fixedInBand("it moves with `random_rows`").sensitivity(.left("it moves with `random_rows`")),
    .choice("policy", \.policy, "replacement policy of a full set"),
    .choice("inclusion", \.inclusion, "what the level promises about the levels above it")
      .rule("the first level is no victim"),
    Field(
      key: "write_policy", read: { value, _, _ in try checkWritePolicy(value) }, yaml: { _ in "write-back" },
      json: { _ in nil },
      figure: Figure(
        unit: .word, role: .fixed("no number"),
        meaning: "`write-back`, the only one: every level also allocates on writes")),
    Field(
      key: "prefetcher",
      read: { value, cache, reader in
        var prefetcher = PrefetcherDescription(kind: .nextLine)
        try reader.read(value, into: &prefetcher)
        cache.prefetcher = prefetcher
      },
      yaml: { $0.prefetcher.map { "{\($0.yamlEntries.joined(separator: ", "))}" } },
      json: { part in part.prefetcher.map { $0 as any Encodable & Sendable } }),
  ]

  fileprivate mutating func setSets(_ sets: Double) {
    sizeBytes = max(1, Int(sets.rounded())) * ways * lineBytes
  }

  fileprivate mutating func scaleRows(_ factors: FigureFactors) {
    randomRows.scale(by: factors.rate)
    randomRowPieces.scale(by: factors.rate)
  }
}

extension PrefetcherDescription: MachinePart {
  static let fields: [Field<PrefetcherDescription>] = [
    .choice("kind", \.kind, "what it looks for").required,
    .number("degree", \.degree, in: 1...64, .lines, unused, "lines fetched ahead"),
    .number(
      "latency_accesses", \.latencyAccesses, in: 0...1_000_000, .operations, unused,
      "demand accesses of the core to the level until a prefetched line is there"),
  ]
}

extension TLBDescription: MachinePart {
  static let fields: [Field<TLBDescription>] = [
    .name("name", \.name),
    .number("entries", \.entries, in: 1...1_000_000, .units, unused, "translations held, of each page size").required,
    .number("ways", \.ways, in: 1...65_536, .ways, unused, "translations of one set").required,
    Field(
      key: "pages", isRequired: true,
      read: { value, level, _ in
        level.pageBytes = try value.list().map { page in
          let bytes = try page.byteCount()
          guard TLBDescription.isPageSize(bytes) else {
            throw page.error("expected a page size, a power of two of at least 4KiB, found \(bytes) bytes")
          }
          return bytes
        }
      },
      yaml: { "[\($0.pageBytes.map(exactByteCount).joined(separator: ", "))]" }, json: { $0.pageBytes }),
  ]
}

extension MemoryDescription: MachinePart {
  static let fields: [Field<MemoryDescription>] = [
    .name("name", \.name).required,
    .number("channels", \.channels, in: 1...4096, .channels, unused, "channels of one socket"),
    .number(
      "transfer_mts", \.transferMegatransfers, in: 1...1_000_000, .megatransfers, unused,
      "transfers per second and pin, in millions"),
    Field(
      key: "channel_bytes", read: { value, memory, _ in memory.channelBytes = try value.int(in: 1...1024) },
      yaml: { $0.channelBytes == MemoryDescription.ddrChannelBytes ? nil : "\($0.channelBytes)" },
      json: { $0.channelBytes }),
    .number(
      "peak_gbps", \.peakGigabytesPerSecond, in: 0.1...1_000_000, .gigabytesPerSecond, .rate, "bandwidth of the pins"
    )
    .required
    .rule("= `channels` x `transfer_mts` x `channel_bytes` (8 for DDR, 16 for an HBM channel) within 1 %")
    .scaling { memory, factors in
      memory.peakGigabytesPerSecond *= factors.rate
      memory.scaleCurves(bandwidth: factors.rate)
    }
    .replacing { memory, peak in
      let factor = peak / memory.peakGigabytesPerSecond
      memory.peakGigabytesPerSecond = peak
      memory.scaleCurves(bandwidth: factor)
    },
    .number(
      "idle_latency_ns", \.idleLatencyNanoseconds, in: 1...100_000, .nanoseconds, .delay,
      "load-to-use latency without other traffic"
    )
    .required
    // A latency that is 10 % longer is so under any load, and a memory that is farther away is so under any load too.
    .scaling { memory, factors in
      memory.idleLatencyNanoseconds *= factors.delay
      memory.scaleCurves(latency: factors.delay)
    }
    .replacing { memory, latency in
      let shift = latency - memory.idleLatencyNanoseconds
      memory.idleLatencyNanoseconds = latency
      memory.shiftCurves(nanoseconds: shift)
    },
    .number(
      "lines_in_flight_per_core", \.linesInFlightPerCore, in: 1...100_000, .lines, .rate,
      "cache lines in flight per core, prefetchers included"
    )
    .required,
    .number(
      "random_lines_in_flight_per_core", \.randomLinesInFlightPerCore, in: 1...100_000, .lines, unused,
      "independent random lines in flight per core: their highest rate x idle latency"),
    .number(
      "write_gbps_per_core", \.writeGigabytesPerSecondPerCore, in: 0.001...1_000_000, .gigabytesPerSecond, unused,
      "bytes stored per second by one core's sequential ordinary stores; each line is read first"),
    .number(
      "stream_store_gbps_per_core", \.streamStoreGigabytesPerSecondPerCore, in: 0.001...1_000_000, .gigabytesPerSecond,
      unused, "bytes stored per second by one core's sequential non-temporal stores"),
    .rows(
      "random_rows", \.randomRows, .rowsPerSecond,
      "list of `[row bytes, GB/s]`: one core reads whole rows at random from an idle memory"
    )
    .moving { $0.scaleRows($1) }.scaling { $0.scaleRows($1) },
    .rows(
      "random_row_pieces", \.randomRowPieces, .rowsPerSecond,
      "list of `[piece bytes, GB/s]`: one core reads rows at random in pieces"
    )
    .rule("only beside `random_rows`")
    .fixedInBand("it moves with `random_rows`").sensitivity(.left("it moves with `random_rows`")),
    Field(
      key: "curve",
      read: { value, memory, _ in memory.curve = try value.list().map(LoadedLatencyCurve.init) },
      yaml: { $0.curve.isEmpty ? nil : yamlCurves($0.curve) }, json: { $0.curve },
      figure: {
        var figure = Figure<MemoryDescription>(
          unit: .curves, role: .curve,
          meaning: "list of `{read_ratio, points: [[GB/s, ns], ...]}`, load-to-use latency under load")
        figure.rule = "rising GB/s, latencies that do not fall"
        figure.sensitivity = .left("it moves with `peak_gbps` and `idle_latency_ns`")
        figure.move = { $0.scaleCurves(bandwidth: $1.rate, latency: $1.delay) }
        return figure
      }()),
    Field(
      key: "curve_from",
      read: { value, memory, reader in
        guard memory.curve.isEmpty else { throw value.error("expected either curve or curve_from, found both") }
        memory.curve = memory.curves(of: try reader.donors.memory(value))
      }, yaml: { _ in nil }, json: { _ in nil }),
  ]

  fileprivate mutating func scaleRows(_ factors: FigureFactors) {
    randomRows.scale(by: factors.rate)
    randomRowPieces.scale(by: factors.rate)
  }
}

extension NUMADescription: MachinePart {
  static let fields: [Field<NUMADescription>] = [
    .number("nodes", \.nodes, in: 1...1024, .nodes, wholeNumber, "memory nodes that share the work").required,
    .number(
      "remote_latency_ns", \.remoteLatencyNanoseconds, in: 1...100_000, .nanoseconds, .delay,
      "load-to-use latency of another node's idle memory (default: that of the own memory)"),
    .number(
      "link_gbps", \.linkGigabytesPerSecond, in: 0.1...100_000, .gigabytesPerSecond, .rate,
      "bandwidth of the link to the other nodes, one direction"),
  ]
}
