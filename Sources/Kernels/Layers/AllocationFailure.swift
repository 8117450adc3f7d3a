import Glibc
import Support

/// An allocation that failed.
public struct AllocationFailure: Error, Equatable, CustomStringConvertible {
  public let size: CheckedSize

  public init(_ size: CheckedSize) {
    self.size = size
  }

  public var description: String {
    size.value.map { "could not allocate \($0) bytes" } ?? "could not allocate \(size.bytesText)"
  }
}

extension CheckedSize {
  /// Throws `AllocationFailure` where the process cannot allocate this many bytes in one piece now.
  ///
  /// An array that the standard library cannot allocate ends the process with a stack trace and no reason, so code
  /// that makes arrays of a layer's size calls this first. It touches no memory and takes two system calls.
  public func requireAllocatable() throws {
    // malloc is not used, because a compiler may remove an allocation that is only freed.
    guard let value, let block = mmap(nil, max(1, value), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      block != MAP_FAILED
    else { throw AllocationFailure(self) }
    munmap(block, max(1, value))
  }

  /// The bytes of `count` values of a type.
  public static func bytes<Value>(_ count: CheckedSize, of type: Value.Type) -> CheckedSize {
    count * MemoryLayout<Value>.stride
  }
}
