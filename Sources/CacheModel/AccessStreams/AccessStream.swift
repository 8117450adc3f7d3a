/// One reference to memory by one core, as a kernel states it: a run of bytes, not yet split into cache lines.
public struct Access: Equatable, Sendable {
  public enum Kind: UInt8, Sendable {
    case read
    case write
    /// A read whose address depends on data (a table row). Its first line is exposed to the load-to-use latency; the
    /// lines after it stream.
    case gather
    /// A store that bypasses the caches and needs no write-allocate.
    case nontemporalWrite
  }

  /// Byte address in a flat, virtual address space.
  public var address: UInt64
  /// Length in bytes, at least 1; the run may span cache lines.
  public var bytes: UInt32
  public var core: UInt16
  public var kind: Kind

  public init(address: UInt64, bytes: UInt32, core: UInt16 = 0, kind: Kind) {
    self.address = address
    self.bytes = bytes
    self.core = core
    self.kind = kind
  }
}

/// A receiver of accesses: a simulator, a profiler, a trace writer.
public protocol AccessSink: AnyObject {
  /// Takes the next accesses of the phase entered last, in program order per core.
  func consume(_ accesses: UnsafeBufferPointer<Access>)
  /// Everything consumed from here on belongs to `phase`, an index into the workload's phases.
  func enter(phase: Int)
}

/// A buffer between a kernel that states its accesses and a sink that takes them.
///
/// It hands over whole chunks: a stream of billions of accesses is never stored, and a sink is called once per chunk
/// instead of once per access.
public final class AccessStream {
  /// Accesses per chunk: large enough to make the call's cost vanish, small enough (64 KiB of accesses) to stay in
  /// the second-level cache.
  private static let chunk = 4096

  /// The core that issues the accesses that follow.
  public var core: UInt16 = 0
  private let sink: AccessSink
  private let buffer = UnsafeMutableBufferPointer<Access>.allocate(capacity: AccessStream.chunk)
  // Checking it for overlapping accesses would cost a twentieth of a simulation; only `append` and `flush` touch it.
  @exclusivity(unchecked) private var count = 0

  public init(sink: AccessSink) {
    self.sink = sink
  }

  deinit {
    buffer.deallocate()
  }

  /// States that the accesses that follow belong to `phase`.
  public func enter(phase: Int) {
    flush()
    sink.enter(phase: phase)
  }

  public func read(_ address: UInt64, bytes: Int) { append(address, bytes, .read) }
  public func write(_ address: UInt64, bytes: Int) { append(address, bytes, .write) }
  public func writeNontemporal(_ address: UInt64, bytes: Int) { append(address, bytes, .nontemporalWrite) }
  public func gather(_ address: UInt64, bytes: Int) { append(address, bytes, .gather) }

  /// Hands what is buffered to the sink. Call it once after the last access.
  public func flush() {
    guard count > 0 else { return }
    sink.consume(UnsafeBufferPointer(start: buffer.baseAddress, count: count))
    count = 0
  }

  private func append(_ address: UInt64, _ bytes: Int, _ kind: Access.Kind) {
    guard bytes > 0 else { return }
    if count == AccessStream.chunk { flush() }
    buffer[count] = Access(address: address, bytes: UInt32(bytes), core: core, kind: kind)
    count += 1
  }
}
