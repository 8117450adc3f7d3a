/// Finds constant strides within pages and fetches `degree` lines ahead of them.
///
/// A trace has no program counters, so streams are told apart by the 4 KiB page they are in, as hardware streamers at the
/// second level do, and a stream ends with its page: physical addresses do not go on beyond it (Intel 64 and IA-32
/// Architectures Optimization Reference Manual, "Data Prefetching").
struct StridePrefetcher: Prefetcher {
  /// Streams followed at once; Intel's manual gives 32 for its streamer.
  private static let streamCount = 32
  private static let pageBytes = 4096

  private struct Stream {
    var page: UInt64
    var line: UInt64
    var stride: Int64 = 0
    var isConfirmed = false
  }

  private let degree: Int
  private let linesPerPage: UInt64
  /// Ordered by last use, latest first.
  private var streams: [Stream] = []

  init(degree: Int, lineBytes: Int) {
    self.degree = degree
    linesPerPage = UInt64(max(1, StridePrefetcher.pageBytes / lineBytes))
  }

  mutating func train(_ line: UInt64) -> PrefetchRequest? {
    let page = line / linesPerPage
    guard let index = streams.firstIndex(where: { $0.page == page }) else {
      if streams.count == StridePrefetcher.streamCount { streams.removeLast() }
      streams.insert(Stream(page: page, line: line), at: 0)
      return nil
    }
    var stream = streams.remove(at: index)
    let stride = Int64(bitPattern: line &- stream.line)
    if stride != 0 {
      // Only a repeated stride makes a stream, because any two accesses have some stride.
      stream.isConfirmed = stride == stream.stride
      stream.stride = stride
      stream.line = line
    }
    streams.insert(stream, at: 0)
    return stream.isConfirmed ? request(from: line, stride: stream.stride) : nil
  }

  /// The lines ahead, as far as the page goes.
  private func request(from line: UInt64, stride: Int64) -> PrefetchRequest? {
    let offset = Int64(line % linesPerPage)
    let room = stride > 0 ? (Int64(linesPerPage) - 1 - offset) / stride : offset / -stride
    let count = min(degree, Int(room))
    guard count > 0 else { return nil }
    return PrefetchRequest(first: line &+ UInt64(bitPattern: stride), stride: stride, count: count)
  }
}
