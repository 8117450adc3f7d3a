import Machines
import Simulation

/// The traffic of a workload with the counted lines in place of the base's, on the machine that counted them.
///
/// On a machine with other caches the base's lines are multiplied by the ratios of counted to simulated lines on the machine
/// that counted, which is what a sensitivity to a capacity needs.
public struct CountedTrafficSource<Base: TrafficSource>: TrafficSource {
  private let base: Base
  private let host: Machine
  private let counted: Traffic
  private let ratios: TrafficRatios

  /// `tokens` are those of the base's workload. Throws what the base throws on `host`, the machine that counted.
  public init(_ base: Base, counted: CountedTraffic, tokens: Int, on host: Machine) throws {
    self.base = base
    self.host = host
    let simulated = try base.requiredTraffic(on: host)
    self.counted = simulated.replacing(with: counted, tokens: tokens)
    ratios = TrafficRatios([(simulated, self.counted)])
  }

  public func traffic(on machine: Machine) throws -> Traffic? {
    machine.caches == host.caches ? counted : try base.traffic(on: machine)?.corrected(by: ratios)
  }
}

/// The base's traffic multiplied by the ratios of counted to simulated lines on a machine of the same kind.
public struct CorrectedTrafficSource<Base: TrafficSource>: TrafficSource {
  private let base: Base
  private let ratios: TrafficRatios

  public init(_ base: Base, by ratios: TrafficRatios) {
    self.base = base
    self.ratios = ratios
  }

  public func traffic(on machine: Machine) throws -> Traffic? {
    try base.traffic(on: machine)?.corrected(by: ratios)
  }
}

/// A source that has been asked for the traffic on one machine, and answers from memory there.
public struct KnownTraffic<Base: TrafficSource>: TrafficSource {
  private let base: Base
  private let caches: [CacheDescription]
  /// On the machine that was asked for.
  public let traffic: Traffic

  /// Takes the traffic on `machine` that is at hand.
  public init(_ base: Base, traffic: Traffic, on machine: Machine) {
    self.base = base
    self.traffic = traffic
    caches = machine.caches
  }

  /// Throws what the base throws on `machine`, and `InputError` where it does not cover it.
  public init(_ base: Base, on machine: Machine) throws {
    self.base = base
    caches = machine.caches
    traffic = try base.requiredTraffic(on: machine)
  }

  public func traffic(on machine: Machine) throws -> Traffic? {
    machine.caches == caches ? traffic : try base.traffic(on: machine)
  }
}
