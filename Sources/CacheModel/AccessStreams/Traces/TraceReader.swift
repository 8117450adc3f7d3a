import InputFiles

/// Streams the accesses of a trace file, of any size, to a sink; they all belong to core 0.
public struct TraceReader {
  public let path: String
  public let format: TraceFormat

  /// Without a `format` the first line decides.
  public init(path: String, format: TraceFormat? = nil) throws {
    self.path = path
    self.format = try format ?? TraceFormat.detect(path)
  }

  /// Hands every access to `sink` in order. Throws `InputError` with the line's number at the first line that is not of
  /// the format; the sink then has everything before it.
  ///
  /// Instruction fetches are ignored, or are reads by the core `fetchCore`, whose first level then is the instruction cache.
  public func read(into sink: AccessSink, fetchCore: UInt16? = nil) throws {
    let lines = try ChunkedLines(path: path)
    let stream = AccessStream(sink: sink)
    while let text = try lines.next() {
      switch TraceLine.parse(text, as: format) {
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
        // A line can be long and need not be text: quote only its beginning.
        let shown = String(decoding: text.prefix(40), as: UTF8.self)
        throw InputError(
          file: path, line: lines.lineNumber, "expected \(format.expectedLine) (\(format.rawValue)), found '\(shown)'")
      }
    }
    stream.flush()
  }
}
