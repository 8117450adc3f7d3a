/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), the same sequence on every platform: it makes the execution order
/// of a plan a function of its seed. Swift's own generator cannot be seeded.
struct SplitMix64 {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A whole number in `0 ..< bound`. The remainder's bias is at most bound / 2^64, far below anything observable.
  mutating func next(below bound: Int) -> Int {
    Int(next() % UInt64(bound))
  }

  /// A permutation of `0 ..< count` by Fisher and Yates, from the last place down. Written out rather than left to
  /// `shuffled(using:)`, whose algorithm the standard library does not promise to keep.
  mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(i, next(below: i + 1))
    }
    return order
  }
}
