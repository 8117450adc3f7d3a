import GRDB
import Profiler

/// One fact about the machine or its state, with either a value or a reason why there is none.
public struct FactRow: RunRow, Equatable, Sendable {
  public static let table = "facts"

  /// Whether it was read at the start or the end of the run; differences between the two are reported as drift.
  public var when: FactTime
  public var name: String
  public var value: String?
  /// The reason why there is no value.
  public var reason: String?

  public enum CodingKeys: String, CodingKey, CaseIterable {
    case when
    case name
    case value
    case reason
  }

  public init(
    when: FactTime, name: String, value: String? = nil, reason: String? = nil
  ) {
    self.when = when
    self.name = name
    self.value = value
    self.reason = reason
  }
}

/// When a fact was read.
public enum FactTime: String, CaseIterable, Codable, Sendable {
  case start, end
}

/// Names of the facts that reports look for; a run may record any others.
public enum FactName {
  public static let cpuModel = "cpu_model"
  /// Capacity of one first-level data cache, in bytes; likewise for the others.
  public static let l1Bytes = "l1d_bytes"
  public static let l2Bytes = "l2_bytes"
  public static let l3Bytes = "l3_bytes"
  /// A prefix, followed by an entry of the experiment's `counters`: the groups chosen for it, and the reason.
  public static let counterChoice = "counters_"
  /// The origin of a run's numbers where it is not a measurement of the machine: `synthetic`.
  public static let origin = "origin"
}

extension MachineState {
  /// The machine state that a run's facts describe.
  package init(_ facts: [FactRow], _ when: FactTime) {
    self.init(
      facts: facts.filter { $0.when == when }.map { MachineFact(name: $0.name, value: $0.value, reason: $0.reason) })
  }
}
