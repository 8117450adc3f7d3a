/// The 64-bit FNV-1a hash of `text` in UTF-8 (Fowler, Noll and Vo; draft-eastlake-fnv).
public func fnv1a64(_ text: String) -> UInt64 {
  // The offset basis and the prime are the algorithm's own constants for 64 bits.
  text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
}

/// 16 lower-case hexadecimal digits.
public func hexadecimal(_ value: UInt64) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
