import AccessStreams
import Foundation
import Kernels

/// Memory at a fixed address in every process, so that one process can read a trace of another.
final class Arena: MemorySource {
  /// Far from programs, heaps and stacks, and below the 64 GiB where valgrind places its own memory.
  static let base: UInt64 = 0x4_0000_0000
  static let bytes = 256 << 20
  /// Stores to the arena's first line separate the cases; it belongs to no buffer.
  private static let firstBuffer = 4096
  private var used = Arena.firstBuffer

  struct NoMemory: Error, CustomStringConvertible {
    var description: String { "expected \(Arena.bytes) bytes of free address space at \(Arena.base), found less" }
  }

  init() throws {
    let wanted = UnsafeMutableRawPointer(bitPattern: UInt(Arena.base))
    let found = mmap(
      wanted, Arena.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard found == wanted else { throw NoMemory() }
  }

  func floats(_ count: Int, for role: MemoryRole) throws -> FloatBuffer {
    let bytes = (max(count, 1) * 4 + 4095) / 4096 * 4096
    guard used + bytes <= Arena.bytes,
      let address = UnsafeMutablePointer<Float>(bitPattern: UInt(Arena.base) + UInt(used))
    else { throw NoMemory() }
    used += bytes
    return FloatBuffer(base: address, count: count, owner: self)
  }

  /// Marks the beginning or the end of a case in the trace.
  func mark() {
    UnsafeMutablePointer<UInt64>(bitPattern: UInt(Arena.base))?.pointee &+= 1
  }

  static func isMark(_ access: Access) -> Bool {
    access.kind == .write && access.address == base
  }

  static func isBuffer(_ access: Access) -> Bool {
    access.address >= base + UInt64(firstBuffer) && access.address < base + UInt64(bytes)
  }
}
