import Glibc

extension CounterFailure {
  /// `unsupported` where the event is missing here, `denied` where it exists and may not be used.
  public var quality: CounterQuality {
    if let recorded { return recorded.quality }
    switch code {
    case EACCES, EPERM, EBUSY, ENOSPC, EMFILE, ENFILE, ENOSYS: return .denied
    default: return .unsupported
    }
  }

  /// What happened, and what the user can do about it.
  ///
  /// - Parameters:
  ///   - paranoid: the level in /proc/sys/kernel/perf_event_paranoid, nil where it cannot be read.
  ///   - watchdog: whether the NMI watchdog is on, which holds a hardware counter.
  ///   - isMember: whether the counter was to join a group that had accepted others before.
  ///   - target: what was to be counted; a whole CPU needs more privilege than a thread of the process.
  public func reason(
    paranoid: Int? = CounterFailure.paranoidLevel(), watchdog: Bool = CounterFailure.watchdogIsOn(),
    isMember: Bool = false, target: CounterTarget = .thread(0)
  ) -> String {
    if let recorded { return recorded.reason }
    let holder = watchdog ? "; the NMI watchdog holds one counter: sudo sysctl kernel.nmi_watchdog=0" : ""
    switch code {
    case ENOENT:
      return "no such PMU here: a virtual machine without one, or a missing driver (\(name))"
    case ENODEV:
      return "the PMU or the CPU has gone away: a CPU taken offline, or an unloaded driver (\(name))"
    case EOPNOTSUPP:
      return "the PMU cannot count the event in this way: leave out modifiers such as :precise (\(name))"
    case EACCES, EPERM: return "not permitted: \(permission(paranoid, target)) (\(name))"
    case ENOSYS:
      return "perf_event_open does not exist: kernel without perf events, or blocked by seccomp (\(name))"
    case EINVAL where isMember, ENOSPC:
      return "too many events for one group: split it, or ask for multiplexing\(holder) (\(name))"
    case EINVAL:
      return "the kernel does not accept this event's encoding (\(name))"
    case EBUSY:
      return "the counter is in use: end other profilers (perf, a monitoring agent)"
        + "\(watchdog ? holder : ", or the NMI watchdog (kernel.nmi_watchdog)") (\(name))"
    case EMFILE:
      return "too many open files in this process, one for each event and thread: raise ulimit -n (\(name))"
    case ENFILE:
      return "too many open files in the whole system: raise sysctl fs.file-max (\(name))"
    case ESRCH:
      return "the thread to be counted has ended (\(name))"
    case E2BIG:
      return "the kernel is older than the events' description (\(name))"
    default:
      return name
    }
  }

  /// Debian and Android add levels of 3 and more, which forbid everything and which CAP_PERFMON does not lift. At 2
  /// or less user mode may always be counted, so EPERM there comes from a filter of system calls. Whole CPUs, and
  /// with them all counters outside the cores, may be counted at 0 or less.
  private func permission(_ paranoid: Int?, _ target: CounterTarget) -> String {
    if case .cpu = target, paranoid.map({ $0 < 3 }) ?? true {
      return
        "kernel.perf_event_paranoid is \(paranoid.map(String.init) ?? "not readable"), and whole sockets are counted "
        + "at 0 or less, or with CAP_PERFMON: sudo sysctl kernel.perf_event_paranoid=0, or sudo setcap cap_perfmon+ep on "
        + "the program"
    }
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

  public static func watchdogIsOn() -> Bool {
    SystemFiles().int("proc/sys/kernel/nmi_watchdog") == 1
  }
}
