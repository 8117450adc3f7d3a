import Foundation
import Support

/// The purpose of an array, by which a memory source decides where its pages belong.
public enum MemoryRole: Hashable, Sendable {
  /// Look-up tables; copies are numbered from 0.
  case tables(copy: Int)
  case weights
  case input
  case output
  /// Scratch that all workers share, each filling an equal part.
  case shared
  /// Scratch of one worker, numbered from 0.
  case scratch(worker: Int)
}

/// Provides the memory of a kernel: the heap, or pages that a profiler has placed and verified.
public protocol MemorySource {
  /// Zeroed memory for `count` floats, aligned to at least a cache line.
  func floats(_ count: Int, for role: MemoryRole) throws -> FloatBuffer
  /// The number of copies that a kernel makes of its look-up tables: one for each memory node where tables are
  /// replicated, else 1.
  var tableCopies: Int { get }
  /// The copy that is nearest to a worker.
  func tableCopy(ofWorker index: Int) -> Int
}

extension MemorySource {
  public var tableCopies: Int { 1 }
  public func tableCopy(ofWorker index: Int) -> Int { 0 }
}

/// Floats at a fixed, cache-line-aligned address, kept alive by `owner`.
public final class FloatBuffer {
  public let base: UnsafeMutablePointer<Float>
  public let count: Int
  private let owner: AnyObject

  public init(base: UnsafeMutablePointer<Float>, count: Int, owner: AnyObject) {
    self.base = base
    self.count = count
    self.owner = owner
  }

  /// The same memory as 32-bit integers.
  var integers: UnsafeMutablePointer<Int32> {
    UnsafeMutableRawPointer(base).assumingMemoryBound(to: Int32.self)
  }

  /// The same memory as bf16 numbers.
  var halves: UnsafeMutablePointer<UInt16> {
    UnsafeMutableRawPointer(base).assumingMemoryBound(to: UInt16.self)
  }

  func copy(from values: [Float]) {
    precondition(values.count <= count)
    values.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { base.update(from: start, count: values.count) }
    }
  }
}

/// Memory from the process heap, for tests and for work whose placement does not matter.
public struct HeapMemory: MemorySource {
  public init() {}

  public func floats(_ count: Int, for role: MemoryRole) throws -> FloatBuffer {
    let block = try HeapBlock(CheckedSize.bytes(CheckedSize(max(count, 1)), of: Float.self))
    return FloatBuffer(base: block.pointer.assumingMemoryBound(to: Float.self), count: count, owner: block)
  }
}

private final class HeapBlock {
  let pointer: UnsafeMutableRawPointer

  /// Throws `AllocationFailure`, whereas the standard library's `allocate` would end the process.
  init(_ size: CheckedSize) throws {
    var block: UnsafeMutableRawPointer?
    // 64 is a cache line, and the width of the widest vector.
    guard let bytes = size.value, posix_memalign(&block, 64, bytes) == 0, let block else {
      throw AllocationFailure(size)
    }
    pointer = block
    memset(pointer, 0, bytes)
  }

  deinit { free(pointer) }
}
