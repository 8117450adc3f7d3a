import Support

/// The text formats of memory traces.
public enum TraceFormat: String, CaseIterable, Sendable {
  /// Dinero's: `0|1|2 hexaddress [bytes]`, for read, write and instruction fetch (ignored); 4 bytes unless given.
  case din
  /// Valgrind's `--tool=lackey --trace-mem=yes`: ` L addr,size`, ` S addr,size`, ` M addr,size` (a load, then a store of
  /// the same bytes), `I  addr,size` (ignored), and lines of Valgrind's own that start with `==`, `--PID` or `**PID`.
  case lackey

  /// The form of a line, for messages.
  var expectedLine: String {
    switch self {
    case .din: return "'0|1|2 hexaddress [bytes]'"
    case .lackey: return "' L|S|M hexaddress,bytes' or 'I  hexaddress,bytes'"
    }
  }

  /// Guesses the format from a line: a din line starts with a digit. Nil for a blank line.
  init?(guessedFrom line: UnsafeBufferPointer<UInt8>) {
    guard let first = line.first(where: { !TraceLine.isSpace($0) }) else { return nil }
    self = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) ? .din : .lackey
  }
}
