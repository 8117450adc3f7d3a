/// Fetches the `degree` lines that follow.
struct NextLinePrefetcher: Prefetcher {
  let degree: Int

  mutating func train(_ line: UInt64) -> PrefetchRequest? {
    PrefetchRequest(first: line &+ 1, stride: 1, count: degree)
  }
}
