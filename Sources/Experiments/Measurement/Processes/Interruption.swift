import CLinux

/// Requests to end (SIGINT, SIGTERM). The first is recorded, so that complete points can be stored before the end.
public enum Interruption {
  /// From this call on, the first signal is recorded and the second ends the process.
  public static func note() { linux_note_interrupts(0) }

  /// Records all signals, however many come. For a child process, whose parent decides when it ends.
  public static func ignoreRepeatedSignals() { linux_note_interrupts(1) }

  public static var isRequested: Bool { linux_interrupt() != 0 }

  /// Throws `Interrupted` after a signal.
  public static func check() throws {
    if isRequested { throw Interrupted() }
  }
}

/// A run that was asked to end before its plan was done. Everything complete is stored.
public struct Interrupted: Error, CustomStringConvertible {
  public let description = "interrupted"

  public init() {}
}
