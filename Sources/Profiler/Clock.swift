import Glibc

/// The clock of every measurement: monotonic and not adjusted by NTP.
public enum Clock {
  /// Nanoseconds since an arbitrary start (CLOCK_MONOTONIC_RAW).
  @inline(__always)
  public static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC_RAW, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  /// The time that an empty region appears to take, in nanoseconds: the median of `repetitions` back-to-back
  /// readings.
  ///
  /// The median is used because interrupts and stolen time only make readings longer.
  public static func measuredOverhead(repetitions: Int = 1001) -> Double {
    var samples: [UInt64] = []
    samples.reserveCapacity(repetitions)
    for _ in 0..<max(1, repetitions) {
      let start = now()
      samples.append(now() - start)
    }
    samples.sort()
    return Double(samples[samples.count / 2])
  }
}
