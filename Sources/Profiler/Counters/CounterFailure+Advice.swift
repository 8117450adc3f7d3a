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
    case ENOENT:
      return "no such PMU here: a virtual machine without one, or a missing driver (\(name))"
    case ENODEV:
      return "the PMU or the CPU has gone away: a CPU taken offline, or an unloaded driver (\(name))"
    case EOPNOTSUPP:
      return "the PMU cannot count the event in this way: leave out modifiers such as :precise (\(name))"
    case EACCES, EPERM: return "not permitted: \(permission(paranoid)) (\(name))"
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
    case ESRCH:
      return "the thread to be counted has ended (\(name))"
    case E2BIG:
      return "the kernel is older than the events' description (\(name))"
    default:
      return name
    }
  }

  /// A level of 3 or more is Debian's and Android's addition: it forbids everything, and CAP_PERFMON does not lift it. At 2
  /// or less user mode may always be counted, so that EPERM there comes from a filter of system calls.
  private func permission(_ paranoid: Int?) -> String {
    switch paranoid {
    case let level? where level >= 3:
      return "kernel.perf_event_paranoid is \(level), which takes CAP_SYS_ADMIN (CAP_PERFMON is not enough); "
        + "sudo sysctl kernel.perf_event_paranoid=2 counts user mode"
    case let level? where code == EPERM:
      return "kernel.perf_event_paranoid is \(level), which counts user mode, so a seccomp profile probably blocks "
        + "perf_event_open; allow it in the container's profile, or grant CAP_PERFMON"
    default:
      return "kernel.perf_event_paranoid is \(paranoid.map(String.init) ?? "not readable"); lower it (2 or less counts "
        + "user mode), grant CAP_PERFMON, or allow perf_event_open in the container's seccomp profile"
    }
  }

  private var name: String { "perf_event_open: \(errorText(code))" }

  public static func paranoidLevel() -> Int? {
    SystemFiles().int("proc/sys/kernel/perf_event_paranoid")
  }
}
