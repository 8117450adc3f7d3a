import Kernels
import Machines
import Plans
import Profiler
import RunStore
import Support

extension Tuning {
  /// Chooses the strategy of a look-up `point` of `experiment` on this host, as a run does, and returns the
  /// candidates.
  ///
  /// `machine` is the model of this host; `tuningDirectory` holds earlier choices, nil for none. `warn` gets messages
  /// about files there that cannot be used. Throws `InputError` for a point that this machine cannot run.
  public static func rows(
    _ point: Point, of experiment: Experiment, machine: Machine, state: MachineState, topology: Topology,
    tuningDirectory: String?, warn: @escaping (String) -> Void
  ) throws -> [TuningRow] {
    guard point.network.isOpen, let pass = point.pass else {
      throw InputError(key: "isa", "expected an instruction set that this CPU can run, found \(point.isa.rawValue)")
    }
    try requireFeasible(point, topology: topology)
    let autotuner = Autotuner(
      machine: machine, fingerprint: MachineFingerprint(state, topology: topology, machine: machine),
      cache: tuningDirectory.map { TuningCache(directory: $0, warn: warn) })
    do {
      return try autotuner.tune(point, pass) {
        let pool = try PinnedPool(cpus: topology.cpus(for: point.cpus, threads: point.threads))
        return PlacedStrategyTimer(
          point: point, pass: pass, kernels: KernelFactory(experiment: experiment, libraries: LibraryChoice()),
          pool: pool,
          memory: PlacedSource(pool: pool, policy: point.memory, pages: point.pages, topology: topology))
      }.rows
    } catch let skipped as PointSkipped {
      throw InputError("\(skipped)")
    }
  }

  /// Throws `InputError` for a point that cannot run here, before the host is measured for it.
  public static func requireFeasible(_ point: Point, topology: Topology) throws {
    if let reason = point.infeasibility(topology: topology) { throw InputError(key: point.label, reason) }
  }
}
