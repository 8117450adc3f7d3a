import Support

/// Streams the accesses of a trace of any size to a sink. All accesses belong to core 0.
///
/// A file can be read any number of times, a pipe or another stream once: see `isStream`.
public final class TraceReader {
  public let path: String
  private let format: TraceFormat?
  /// Opened together with the reader, so that a missing file is reported before anything else happens; nil once it
  /// has been read.
  private var opened: ChunkedLines?
  /// Whether the trace can be read only once.
  public let isStream: Bool

  /// Without a `format`, the first line that is not blank decides.
  public init(path: String, format: TraceFormat? = nil) throws {
    self.path = path
    self.format = format
    let lines = try ChunkedLines(path: path)
    isStream = lines.file.kind == .stream
    opened = lines
  }

  /// Hands every access to `sink` in order. Throws `InputError` with the line's number at the first line that is not
  /// of the format, after all accesses before it have been handed over, and where no line is a request.
  ///
  /// Instruction fetches are ignored or, with `fetchCore`, are reads by that core, whose first level is then the
  /// instruction cache.
  public func read(into sink: AccessSink, fetchCore: UInt16? = nil) throws {
    let lines = try nextPass()
    let stream = AccessStream(sink: sink)
    var format = format
    var requests = 0
    while let text = try lines.next() {
      guard let known = format ?? TraceFormat(guessedFrom: text) else { continue }
      format = known
      let line = TraceLine.parse(text, as: known)
      if line != .nothing { requests += 1 }
      switch line {
      case .read(let address, let bytes): stream.read(address, bytes: Int(bytes))
      case .write(let address, let bytes): stream.write(address, bytes: Int(bytes))
      case .modify(let address, let bytes):
        stream.read(address, bytes: Int(bytes))
        stream.write(address, bytes: Int(bytes))
      case .fetch(let address, let bytes):
        guard let fetchCore else { break }
        stream.core = fetchCore
        stream.read(address, bytes: Int(bytes))
        stream.core = 0
      case .nothing: break
      case nil:
        throw InputError(
          file: path, line: lines.lineNumber,
          "expected \(known.expectedLine) (\(known.rawValue)), found \(quote(String(decoding: text, as: UTF8.self)))"
            + "; a request has 1 to \(TraceLine.largestRequest) bytes")
      }
    }
    stream.flush()
    guard requests > 0 else { throw InputError(file: path, "expected a trace, found no line that is a request") }
  }

  private func nextPass() throws -> ChunkedLines {
    if let opened {
      self.opened = nil
      return opened
    }
    guard !isStream else {
      throw InputError(file: path, "expected a regular file to read twice, found a pipe or device")
    }
    return try ChunkedLines(path: path)
  }
}
