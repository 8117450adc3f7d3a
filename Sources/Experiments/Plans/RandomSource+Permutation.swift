import Kernels

extension RandomSource {
  /// A permutation of `0 ..< count` by Fisher and Yates, from the last place down. It does not use
  /// `shuffled(using:)`, whose algorithm the standard library may change. The remainder's bias is at most count /
  /// 2^64, far below anything observable.
  package mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(i, Int(next() % UInt64(i + 1)))
    }
    return order
  }
}
