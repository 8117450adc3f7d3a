import AccessStreams
import Machines
import Simulation
import Support

/// The timing equations of one phase on one machine (docs/reference/model.md, "Timing"), with every input known.
struct PhaseModel {
  private let name: String
  private let transfersOverlap: Bool
  private let overlap: Double
  /// Seconds of the core's own work with its operands in the first-level cache.
  private var work: CoreWork
  /// How many times slower a core is while all the phase's threads are busy.
  private let slowdown: Double
  private let threads: Double
  private let effectiveCores: Double
  /// Seconds of transfers into each level's side of the core, without random rows. Index 0 is registers to first
  /// level.
  private let transfers: [Double]
  /// Seconds of random rows that each level below the first serves. Index 0 is the second level.
  private let cacheRows: [Double]
  /// Seconds of random rows from an idle memory; 0 where their rate was not measured.
  private let memoryRows: Double
  private let idleNanoseconds: Double
  /// Seconds of exposed gathers that the caches serve.
  private let cacheGathers: Double
  /// Memory latencies that a thread waits for one after another: times the latency they give seconds.
  private let memoryGathers: Double
  private let memoryStream: Double
  /// Sums over `transfers`, with and without the registers' part, and over `cacheRows`. The bisection needs them at
  /// every step.
  private let allTransfers: Double
  private let transfersBelowFirst: Double
  private let allCacheRows: Double
  private var memoryBytes: Double
  private let latency: LoadedLatency
  /// Share of the memory traffic that the busiest node carries.
  private let nodeShare: Double
  /// Share of the memory traffic that the busiest link carries.
  private let linkShare: Double
  private let linkBytesPerSecond: Double
  private let remoteShare: Double
  /// Remote idle latency - local idle latency.
  private let remoteExtraNanoseconds: Double

  private var linkSeconds: Double { linkShare * memoryBytes / linkBytesPerSecond }

  init(
    _ work: PhaseWork, _ counts: PhaseCounts, threads: Int, inputs: ProjectionInputs, matrix: TrafficMatrix = .local
  ) {
    name = work.name
    transfersOverlap = inputs.transfersOverlap
    overlap = inputs.overlap
    effectiveCores = inputs.effectiveCores
    slowdown = max(1, Double(threads) / effectiveCores)
    let coreWork = CoreWork(work, threads: threads, inputs: inputs).slowed(by: slowdown)
    self.work = coreWork
    let threads = Double(threads)
    self.threads = threads
    let hertz = inputs.frequencyHertz

    let lineBytes = Double(inputs.lineBytes)
    let rowBytes = max(work.rowBytes, lineBytes)
    let wholeRowBytes = max(rowBytes, work.wholeRowBytes)
    transfers = inputs.caches.indices.map { level in
      guard level > 0 else { return max(coreWork.loads, coreWork.stores) }
      let lines =
        inputs.transfersOverlap
        ? counts.streamsServed(by: level, linesPerRow: rowBytes / lineBytes)
        : counts.linesAbove(level) * (1 - counts.rowShare(level, rowBytes / lineBytes))
      return lines * lineBytes / (inputs.caches[level].bytesPerCycle * hertz * threads)
    }
    allTransfers = transfers.reduce(0, +)
    transfersBelowFirst = transfers.dropFirst().reduce(0, +)
    cacheRows = inputs.caches.indices.dropFirst().map { level in
      Double(counts.gatherSources[level]) * rowBytes
        / (inputs.caches[level].randomRows.rate(pieceBytes: rowBytes, ofRow: wholeRowBytes) * hertz * threads)
    }
    allCacheRows = cacheRows.reduce(0, +)
    let fromMemory = Double(counts.gatherSources.last ?? 0)
    memoryRows =
      inputs.memoryRandomRows.map { rows in
        fromMemory * rowBytes / (rows.rate(pieceBytes: rowBytes, ofRow: wholeRowBytes) * 1e9 * threads)
      } ?? 0
    idleNanoseconds = inputs.memory.idleLatencyNanoseconds

    let linesInFlight = inputs.memory.linesInFlightPerCore
    // A row that is waited for fills the core's window; a prefetched row does not.
    let rowsInWindow = work.rowOperations > 0 ? inputs.schedulerWindow / work.rowOperations : .infinity
    let gathersInFlight = max(1, min(work.independentRows, max(work.prefetchedRows, rowsInWindow), linesInFlight))
    cacheGathers = inputs.caches.indices.dropFirst().reduce(0) { sum, level in
      sum + Double(counts.gatherSources[level]) * inputs.caches[level].latencyCycles / hertz
        / (gathersInFlight * threads)
    }
    memoryGathers = fromMemory / (gathersInFlight * threads)
    memoryStream =
      max(0, Double(counts.memory.reads) - fromMemory * rowBytes / lineBytes) / (linesInFlight * threads)

    let lines = Double(counts.memory.reads + counts.memory.writes)
    memoryBytes = lines * lineBytes
    let readRatio = lines > 0 ? Double(counts.memory.reads) / lines : 1
    latency = LoadedLatency(inputs.memory, readRatio: readRatio, corner: inputs.corner)
    nodeShare = matrix.busiestNodeShare
    remoteShare = matrix.remoteShare
    remoteExtraNanoseconds = inputs.remoteLatencyNanoseconds - inputs.memory.idleLatencyNanoseconds
    linkShare = matrix.busiestLinkShare(readRatio: readRatio)
    linkBytesPerSecond = inputs.linkGigabytesPerSecond * 1e9
  }

  /// The phase with `copies` groups of cores that each do the whole work at once. Memory, link and the resources that
  /// cores share carry the load of all groups.
  func copied(_ copies: Double) -> PhaseModel {
    var model = self
    model.memoryBytes *= copies
    model.work = work.slowed(by: max(1, copies * threads / effectiveCores) / slowdown)
    return model
  }

  /// Where the phase's time goes.
  func solve() -> PhaseTime { time(at: bandwidth) }

  /// The phase's time alone.
  var seconds: Double { max(coreSeconds(at: bandwidth).total, memorySeconds, linkSeconds) }

  private var memorySeconds: Double { nodeShare * memoryBytes / (latency.mostGigabytesPerSecond * 1e9) }

  /// The bandwidth at which the time it takes to move the bytes is the time that its latency allows.
  private var bandwidth: Double {
    let most = latency.mostGigabytesPerSecond
    guard memoryBytes > 0 else { return 0 }
    if demand(at: most) >= most { return most }
    // Demand falls as bandwidth (and with it latency) rises, so there is one crossing. 50 halvings narrow it to 1e-15
    // of the maximum.
    var low = 0.0
    var high = most
    for _ in 0..<50 {
      let middle = (low + high) / 2
      if demand(at: middle) > middle { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// Traffic in GB/s of the busiest node that the phase would cause if memory had the latency it has at `bandwidth`.
  private func demand(at bandwidth: Double) -> Double {
    let seconds = max(coreSeconds(at: bandwidth).total, linkSeconds)
    return seconds > 0 ? nodeShare * memoryBytes / seconds / 1e9 : .infinity
  }

  private struct CoreSeconds {
    var total: Double
    var stream: Double
    /// Seconds of random rows: the wait for first lines and `rows`, combined.
    var gathers: Double
    /// Seconds of random rows at their rates.
    var rows: Double
    /// Whether `rows` exceeds the wait for first lines.
    var areBoundByRate: Bool
  }

  /// Time without the bandwidth limits of memory and link, and its two latency terms.
  private func coreSeconds(at bandwidth: Double) -> CoreSeconds {
    let nanoseconds = latency.nanoseconds(at: bandwidth) + remoteShare * remoteExtraNanoseconds
    let stream = memoryStream * nanoseconds / 1e9
    // With too few independent rows a core waits for first lines; with enough, for the rows at their rates. Where
    // both times are similar, neither hides the other.
    let exposed = cacheGathers + memoryGathers * nanoseconds / 1e9
    let rows = allCacheRows + memoryRows * max(1, nanoseconds / idleNanoseconds)
    let gathers = (exposed * exposed + rows * rows).squareRoot()
    let total: Double
    if transfersOverlap {
      // Everything that a core waits for passes through the same few fill buffers, one source after another. The
      // core's own work meanwhile is hidden except for a share, because its out-of-order window ends.
      let data = transfersBelowFirst + stream + gathers
      total = max(work.total, data) + (1 - overlap) * min(work.total, data)
    } else {
      total = max(work.arithmetic, allTransfers + stream + gathers)
    }
    return CoreSeconds(
      total: total, stream: stream, gathers: gathers, rows: rows, areBoundByRate: rows >= exposed)
  }

  private func time(at bandwidth: Double) -> PhaseTime {
    let core = coreSeconds(at: bandwidth)
    let seconds = max(core.total, memorySeconds, linkSeconds)
    var causes: [Limiter: Double] = [.compute: work.arithmetic, .memory: memorySeconds, .link: linkSeconds]
    for (level, seconds) in transfers.enumerated() { causes[.cache(level), default: 0] += seconds }
    // While enough rows are in flight, the caches that serve most of them are the bound; otherwise latency is.
    let boundByRate = core.areBoundByRate && allCacheRows >= core.rows / 2
    var waiting = core.gathers
    if boundByRate {
      for (index, seconds) in cacheRows.enumerated() { causes[.cache(index + 1), default: 0] += seconds }
      waiting -= allCacheRows
    }
    causes[.latency] = core.stream + waiting
    return PhaseTime(
      name: name, seconds: seconds, limiter: limiter(causes, core, seconds), causes: causes,
      memoryGigabytesPerSecond: seconds > 0 ? memoryBytes / seconds / 1e9 : 0,
      loadedLatencyNanoseconds: latency.nanoseconds(at: bandwidth) + remoteShare * remoteExtraNanoseconds)
  }

  private func limiter(
    _ causes: [Limiter: Double], _ core: CoreSeconds, _ seconds: Double
  ) -> Limiter {
    if memoryBytes > 0 {
      // The bisection approaches a bound from below, so a time within one part in 10^9 of it counts as bound.
      let reached = seconds * (1 - 1e-9)
      if linkSeconds >= reached, linkSeconds >= memorySeconds { return .link }
      if memorySeconds >= reached { return .memory }
    }
    // On a machine whose transfers add up, either the arithmetic is hidden behind the transfers or they are hidden
    // behind it.
    var inCore: [Limiter] = [.compute, .l1, .l2, .l3, .latency]
    if !transfersOverlap {
      let isComputing = work.arithmetic >= allTransfers + core.stream + core.gathers
      inCore = isComputing ? [.compute] : [.l1, .l2, .l3, .latency]
    }
    let order = inCore.map { ($0, causes[$0] ?? 0) }
    return order.reduce(order[0]) { $1.1 > $0.1 ? $1 : $0 }.0
  }
}

extension PhaseCounts {
  /// Lines that cross the boundary between `level` and the level above it: fetched upwards, and dirty lines
  /// downwards. The clean lines that a victim level takes in exchange for those it hands up are part of the measured
  /// read bandwidth.
  fileprivate func linesAbove(_ level: Int) -> Double {
    let above = levels[level - 1]
    return Double(above.misses + above.writebacks)
  }

  /// Lines that `level` itself provides, without those of random rows, which are timed at their own rates.
  /// Write-backs are left out: no load waits for them.
  fileprivate func streamsServed(by level: Int, linesPerRow: Double) -> Double {
    let served = Double(levels[level - 1].misses) - Double(levels[level].misses)
    return max(0, served - Double(gatherSources[level]) * linesPerRow)
  }

  /// Share of the lines handed up by `level` that belong to random rows of `linesPerRow` lines found there or in
  /// caches further out, which are timed at their own rates. Rows from memory pass through the caches like any other
  /// line.
  fileprivate func rowShare(_ level: Int, _ linesPerRow: Double) -> Double {
    let misses = levels[level - 1].misses
    guard misses > 0 else { return 0 }
    let rows = gatherSources[level..<levels.count].reduce(0, +)
    return min(1, Double(rows) * linesPerRow / Double(misses))
  }
}
