/// Places the arrays of a workload in a flat address space, each on its own pages, so that a stream is the same on
/// every run and machine.
struct AddressMap {
  /// With 2 MiB no two arrays share a page of any common kind. The offset of one more line for each array keeps
  /// arrays from starting in the same set of every cache, which no allocator would do either.
  private static let alignment: UInt64 = 2 << 20
  private static let stagger: UInt64 = 64
  private var next: UInt64 = alignment
  private var arrays: UInt64 = 0

  /// The address of a new array of `floats` floats.
  mutating func place(floats: Int) -> UInt64 {
    let base = next + arrays * AddressMap.stagger
    let bytes = UInt64(max(floats, 1) * 4) + arrays * AddressMap.stagger
    next += (bytes + AddressMap.alignment - 1) / AddressMap.alignment * AddressMap.alignment
    arrays += 1
    return base
  }

  /// A new array of `floats` floats as the operand of a call that is stated and never run. Nothing may be read or
  /// written through the pointer.
  mutating func operand(floats: Int) -> UnsafeMutablePointer<Float> {
    guard let pointer = UnsafeMutablePointer<Float>(bitPattern: UInt(place(floats: floats))) else {
      preconditionFailure("expected an array above address 0")
    }
    return pointer
  }
}

/// The address of an operand from `AddressMap`.
func address(_ operand: UnsafeRawPointer) -> UInt64 { UInt64(UInt(bitPattern: operand)) }
