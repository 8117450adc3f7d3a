import CLinux

/// Ctrl-C and a request to end (SIGINT, SIGTERM): the first is noted, so that what is complete can be stored first.
public enum Interruption {
  /// From now on the first signal is noted and the second ends the process.
  public static func note() { linux_note_interrupts(0) }

  /// For a child, whose parent decides: however many signals come, they are noted.
  public static func ignoreRepeatedSignals() { linux_note_interrupts(1) }

  public static var isRequested: Bool { linux_interrupt() != 0 }

  /// Throws `Interrupted` where a signal has come.
  public static func check() throws {
    if isRequested { throw Interrupted() }
  }
}

/// A run that was asked to end before its plan was done. All that is complete is stored.
public struct Interrupted: Error, CustomStringConvertible {
  public let description = "interrupted"

  public init() {}
}
