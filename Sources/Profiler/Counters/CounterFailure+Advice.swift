import Glibc

extension CounterFailure {
  /// Whether the event is missing here, or there and not ours to use.
  public var quality: CounterQuality {
    switch code {
    case EACCES, EPERM, EBUSY, ENOSPC, EMFILE, ENFILE, ENOSYS: return .denied
    default: return .unsupported
    }
  }

  /// What happened, and what the user can do about it.
  ///
  /// - Parameters:
  ///   - paranoid: the level in /proc/sys/kernel/perf_event_paranoid, nil where it cannot be read.
  ///   - isMember: the counter was to join a group that had accepted others before.
  public func reason(paranoid: Int? = CounterFailure.paranoidLevel(), isMember: Bool = false) -> String {
    switch code {
    case ENOENT, ENODEV, EOPNOTSUPP:
      return "no such PMU here: a virtual machine without one, or a missing driver (\(name))"
    case EACCES, EPERM:
      let level = paranoid.map(String.init) ?? "not readable"
      return "not permitted: kernel.perf_event_paranoid is \(level); lower it (2 or less counts user mode), grant "
        + "CAP_PERFMON, or allow perf_event_open in the container's seccomp profile (\(name))"
    case ENOSYS:
      return "perf_event_open does not exist: kernel without perf events, or blocked by seccomp (\(name))"
    case EINVAL where isMember, ENOSPC:
      return "too many events for one group: split it, or ask for multiplexing (\(name))"
    case EINVAL:
      return "the kernel does not accept this event's encoding (\(name))"
    case EBUSY:
      return "the counter is in use: another profiler, or the NMI watchdog (kernel.nmi_watchdog) (\(name))"
    case EMFILE, ENFILE:
      return "too many open files: raise ulimit -n (\(name))"
    default:
      return name
    }
  }

  private var name: String { "perf_event_open: \(errorText(code))" }

  public static func paranoidLevel() -> Int? {
    SystemFiles().int("proc/sys/kernel/perf_event_paranoid")
  }
}
