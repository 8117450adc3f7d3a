/// An event as the kernel knows it: the result of looking a name up in libpfm's tables.
public struct EncodedEvent: Equatable, Sendable {
  /// The name as it was asked for.
  public var name: String
  /// libpfm's full name with every modifier spelled out.
  public var canonical: String
  /// The kernel's PMU type (`perf_event_attr.type`): 0 generic hardware, 1 software, 3 generic cache, 4 raw.
  public var type: UInt32
  /// The event's code within the type (`perf_event_attr.config`).
  public var config: UInt64
  /// The whole `perf_event_attr`, which keeps modifiers and extra registers.
  var attribute: [UInt8] = []

  init(name: String, canonical: String, type: UInt32, config: UInt64, attribute: [UInt8] = []) {
    self.name = name
    self.canonical = canonical
    self.type = type
    self.config = config
    self.attribute = attribute
  }

  /// Whether the kernel itself counts the event, without hardware.
  public var isSoftware: Bool { type == 1 }

  /// Software events that happen inside the kernel only, so that counting user mode alone always gives 0:
  /// context switches (3), CPU migrations (4) and cgroup switches (11).
  var happensInKernelOnly: Bool { isSoftware && [3, 4, 11].contains(config) }
}

extension EncodedEvent: Encodable {
  enum CodingKeys: CodingKey {
    case name, canonical, type, config
  }
}

/// Which privilege levels a counter counts in, where the name itself has no `:u` or `:k`.
public enum PrivilegeLevels: Sendable {
  case user
  case userAndKernel
}
