/// The 64-bit FNV-1a hash of `text` in UTF-8 (Fowler, Noll and Vo; draft-eastlake-fnv).
public func fnv1a64(_ text: String) -> UInt64 {
  var hash = FNV1a()
  hash.add(text.utf8)
  return hash.value
}

/// An FNV-1a hash of bytes that come in pieces.
package struct FNV1a {
  // The offset basis and the prime are the algorithm's own constants for 64 bits.
  package private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  package init() {}

  package mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
  }
}

/// 16 lower-case hexadecimal digits.
public func hexadecimal(_ value: UInt64) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
