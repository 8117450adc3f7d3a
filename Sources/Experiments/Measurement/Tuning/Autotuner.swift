import Kernels
import Machines
import Plans
import Profiler

/// Chooses the strategies of a run's points, from the cache where it can.
public struct Autotuner {
  private let tuner: StrategyTuner
  private let fingerprint: MachineFingerprint
  private let cache: TuningCache?

  /// `machine` is the model of this host, which prunes the candidates; without a cache every tuning measures.
  public init(machine: Machine, fingerprint: MachineFingerprint, cache: TuningCache?) {
    self.init(tuner: StrategyTuner(machine: machine), fingerprint: fingerprint, cache: cache)
  }

  init(tuner: StrategyTuner, fingerprint: MachineFingerprint, cache: TuningCache?) {
    self.tuner = tuner
    self.fingerprint = fingerprint
    self.cache = cache
  }

  /// The tuning of `point`, whose pass is `task`. `timer` is called for only where nothing usable is in the cache.
  func tune(
    _ point: Point, _ task: LookupTask, timer: () throws -> any StrategyTimer
  ) throws -> (tuning: Tuning, isCached: Bool) {
    let key = TuningKey(task, point: point, fingerprint: fingerprint)
    let walks = cache == nil ? [] : StrategyCandidates.all(task, secondLevelBytes: tuner.secondLevelBytes)
    if let known = cache?.tuning(for: key, among: walks) { return (known, true) }
    let tuning = try tuner.tune(task, timer: timer())
    cache?.store(tuning, for: key)
    return (tuning, false)
  }
}
