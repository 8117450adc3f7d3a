/// One parsed line of a trace.
enum TraceLine: Equatable {
  case read(address: UInt64, bytes: UInt32)
  case write(address: UInt64, bytes: UInt32)
  /// A read, then a write, of the same bytes.
  case modify(address: UInt64, bytes: UInt32)
  case fetch(address: UInt64, bytes: UInt32)
  /// A blank line, or a remark.
  case nothing

  /// Operand size of a din line that states none: a word of the machines that Dinero was written for.
  private static let dinDefaultBytes: UInt32 = 4
  /// The largest request of a trace, in bytes. No instruction moves more at once: a vector is at most 256 bytes (SVE), a
  /// tile 1 KiB (AMX), the state that XSAVE writes with its tiles 11 KiB. A larger number in that column is something else,
  /// such as the instruction word that some tracers put there.
  static let largestRequest: UInt32 = 1 << 16

  @inline(__always)
  static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

  /// Parses a line. Nil where it is not of the format, or where its bytes run past the end of the address space.
  static func parse(_ text: UnsafeBufferPointer<UInt8>, as format: TraceFormat) -> TraceLine? {
    var scanner = TraceScanner(text)
    scanner.skipSpaces()
    if scanner.isAtEnd { return .nothing }
    let line = format == .din ? parseDin(&scanner) : parseLackey(&scanner)
    scanner.skipSpaces()
    return scanner.isAtEnd ? line : nil
  }

  private static func parseDin(_ scanner: inout TraceScanner) -> TraceLine? {
    let label = scanner.next()
    guard scanner.skipSpaces() else { return nil }
    scanner.skipHexPrefix()
    guard let address = scanner.hexadecimal() else { return nil }
    var bytes = dinDefaultBytes
    if scanner.skipSpaces(), !scanner.isAtEnd {
      guard let given = scanner.byteCount() else { return nil }
      bytes = given
    }
    guard !address.addingReportingOverflow(UInt64(bytes) - 1).overflow else { return nil }
    switch label {
    case UInt8(ascii: "0"): return .read(address: address, bytes: bytes)
    case UInt8(ascii: "1"): return .write(address: address, bytes: bytes)
    case UInt8(ascii: "2"): return .fetch(address: address, bytes: bytes)
    default: return nil
    }
  }

  private static func parseLackey(_ scanner: inout TraceScanner) -> TraceLine? {
    if scanner.isRemark {
      scanner.skipAll()
      return .nothing
    }
    let label = scanner.next()
    guard scanner.skipSpaces() else { return nil }
    guard let address = scanner.hexadecimal(), scanner.next() == UInt8(ascii: ","), let bytes = scanner.byteCount(),
      !address.addingReportingOverflow(UInt64(bytes) - 1).overflow
    else { return nil }
    switch label {
    case UInt8(ascii: "L"): return .read(address: address, bytes: bytes)
    case UInt8(ascii: "S"): return .write(address: address, bytes: bytes)
    case UInt8(ascii: "M"): return .modify(address: address, bytes: bytes)
    case UInt8(ascii: "I"): return .fetch(address: address, bytes: bytes)
    default: return nil
    }
  }
}

/// Reads numbers off the front of a line of bytes.
struct TraceScanner {
  private let text: UnsafeBufferPointer<UInt8>
  private var position = 0

  init(_ text: UnsafeBufferPointer<UInt8>) {
    self.text = text
  }

  var isAtEnd: Bool { position == text.count }

  /// The next byte; nil at the end.
  mutating func next() -> UInt8? {
    guard position < text.count else { return nil }
    defer { position += 1 }
    return text[position]
  }

  /// Skips white space and says whether there was any.
  @discardableResult
  mutating func skipSpaces() -> Bool {
    let first = position
    while position < text.count, TraceLine.isSpace(text[position]) { position += 1 }
    return position > first
  }

  mutating func skipAll() { position = text.count }

  /// Whether a line written by Valgrind itself starts here: `==` (its messages), `--PID` (of -v and --trace options)
  /// or `**PID` (of client requests; the digits may be of a time stamp).
  var isRemark: Bool {
    guard position + 1 < text.count, text[position] == text[position + 1] else { return false }
    switch text[position] {
    case UInt8(ascii: "="): return true
    case UInt8(ascii: "-"), UInt8(ascii: "*"):
      return position + 2 < text.count && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[position + 2])
    default: return false
    }
  }

  mutating func skipHexPrefix() {
    guard position + 1 < text.count, text[position] == UInt8(ascii: "0"), text[position + 1] | 0x20 == UInt8(ascii: "x")
    else { return }
    position += 2
  }

  /// A number of 1 to 16 significant hexadecimal digits.
  mutating func hexadecimal() -> UInt64? {
    let first = position
    var value: UInt64 = 0
    while position < text.count, let digit = hexDigit(text[position]) {
      guard value >> 60 == 0 else { return nil }
      value = value << 4 | digit
      position += 1
    }
    return position > first ? value : nil
  }

  /// A decimal number of bytes, from 1 to the largest request. A number with leading zeros is refused: `00001021` is
  /// an instruction word.
  mutating func byteCount() -> UInt32? {
    let first = position
    var value: UInt32 = 0
    while position < text.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[position]) {
      let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = product.addingReportingOverflow(UInt32(text[position] - UInt8(ascii: "0")))
      guard !tooLarge, !overflow else { return nil }
      value = sum
      position += 1
    }
    let isNumber = position > first && text[first] != UInt8(ascii: "0")
    return isNumber && value <= TraceLine.largestRequest ? value : nil
  }

  private func hexDigit(_ byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): return UInt64(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): return UInt64(byte - UInt8(ascii: "A") + 10)
    default: return nil
    }
  }
}
