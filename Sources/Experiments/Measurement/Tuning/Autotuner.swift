import Kernels
import Machines
import Plans
import Profiler
import RunStore

/// Chooses the strategies of a run's points, from the cache where possible.
public struct Autotuner {
  private let tuner: StrategyTuner
  private let fingerprint: MachineFingerprint
  private let cache: TuningCache?

  /// `machine` is the model of this host, by which candidates are pruned; without a cache, every tuning measures.
  public init(machine: Machine, fingerprint: MachineFingerprint, cache: TuningCache?) {
    self.init(tuner: StrategyTuner(machine: machine), fingerprint: fingerprint, cache: cache)
  }

  init(tuner: StrategyTuner, fingerprint: MachineFingerprint, cache: TuningCache?) {
    self.tuner = tuner
    self.fingerprint = fingerprint
    self.cache = cache
  }

  /// The result of a tuning.
  struct Outcome {
    var tuning: Tuning
    /// The point's network with the chosen strategy.
    var chosen: any Network
    /// The candidates, by rank.
    var rows: [TuningRow]
    var isCached: Bool
  }

  /// Tunes `point`, one of whose passes is `pass`. `timer` is made only where the cache has no usable tuning.
  func tune(_ point: Point, _ pass: Pass, timer: () throws -> any StrategyTimer) throws -> Outcome {
    let key = TuningKey(point, pass, fingerprint: fingerprint)
    let candidates: [any Network] = point.network.candidates(pass, secondLevelBytes: tuner.secondLevelBytes)
    let known = cache?.tuning(for: key, among: candidates.map { $0.strategyValues })
    let tuning = try known ?? tuner.tune(candidates, pass, timer: timer())
    if known == nil { cache?.store(tuning, for: key) }
    return Outcome(
      tuning: tuning, chosen: candidates.first(by: tuning.strategy) ?? point.network,
      rows: TuningRow.rows(tuning, candidates, pointID: point.id, cached: known != nil), isCached: known != nil)
  }
}
