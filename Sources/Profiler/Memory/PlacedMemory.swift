import CLibNUMA
import CLinux
import Glibc
import InputFiles

/// Anonymous memory whose node and page kind are asked for, first touched by its owner, and then verified.
///
/// The way to use it: create, `touch`, fill, `verify`, and keep the report beside the measurement. Before the
/// first touch the memory reads as zero but lies nowhere.
public final class PlacedMemory: @unchecked Sendable {
  public let base: UnsafeMutableRawPointer
  /// The usable size: what was asked for, rounded up to whole pages of the requested kind.
  public let byteCount: Int
  public let requestedPages: PageKind
  public let requestedPolicy: MemoryPolicy
  /// What could not be done as asked, for the report.
  public private(set) var notes: [String]

  private let mapping: linux_mapping

  /// Maps at least `bytes` bytes.
  ///
  /// Throws `InputError` for a node that does not exist or may not be used, and `SystemError` where the kernel has no such
  /// memory. Where the kernel denies placement (seccomp in containers), the memory is usable and `notes` say so.
  public init(
    bytes: Int, pages: PageKind = .base, policy: MemoryPolicy = .local, topology: Topology = .read()
  ) throws {
    guard bytes > 0 else { throw InputError(key: "bytes", "expected at least 1 byte, found \(bytes)") }
    let unit = pages == .base ? basePageBytes : hugePageBytes
    let (padded, overflow) = bytes.addingReportingOverflow(unit - 1)
    let byteCount = padded / unit * unit
    guard !overflow else { throw SystemError(call: "mmap", code: ENOMEM, advice: "\(bytes) bytes") }
    try Self.checkAvailable(byteCount, pages: pages)

    var mapping = linux_mapping()
    switch pages {
    case .base, .transparentHuge:
      try check(
        linux_map_guarded(byteCount, unit, &mapping), "mmap", advice: "mapping \(formatByteCount(byteCount))")
    case .huge:
      try check(
        linux_map_hugetlb(byteCount, &mapping), "mmap(MAP_HUGETLB)",
        advice: "\(byteCount / unit) huge pages wanted; reserve them with sysctl vm.nr_hugepages=\(byteCount / unit)")
    }
    guard let base = mapping.base else { throw SystemError(call: "mmap", code: ENOMEM) }

    var notes: [String] = []
    do {
      if let note = Self.advise(pages, base, byteCount) { notes.append(note) }
      if let note = try Self.bind(policy, base, byteCount, topology) { notes.append(note) }
    } catch {
      linux_unmap(&mapping)
      throw error
    }
    self.base = base
    self.byteCount = byteCount
    self.requestedPages = pages
    self.requestedPolicy = policy
    self.mapping = mapping
    self.notes = notes
  }

  deinit {
    withUnsafePointer(to: mapping) { linux_unmap($0) }
  }

  /// The memory as `count` values of a trivial type from byte `offset` on.
  public func bind<Value: BitwiseCopyable>(
    to type: Value.Type, count: Int, offset: Int = 0
  ) throws -> UnsafeMutablePointer<Value> {
    guard count >= 0, (0...byteCount).contains(offset), offset % MemoryLayout<Value>.alignment == 0,
      count <= (byteCount - offset) / MemoryLayout<Value>.stride
    else {
      throw InputError(
        key: "count", "expected \(count) values of \(type) from byte \(offset) to fit into \(byteCount) bytes")
    }
    return base.advanced(by: offset).bindMemory(to: type, capacity: count)
  }

  // MARK: - First touch

  /// Touches every page: worker k of the pool the k-th part, cut at page boundaries. Contents stay as they are.
  public func touch(by pool: PinnedPool) throws {
    let unit = requestedPages == .base ? basePageBytes : hugePageBytes
    let parts = pool.threadCount
    let units = byteCount / unit
    try firstFailure(
      pool.map { index in
        let start = units * index / parts * unit
        return touchPart(start..<(units * (index + 1) / parts * unit))
      })
  }

  /// Touches every page from worker `thread` alone.
  public func touch(by pool: PinnedPool, thread: Int) throws {
    guard (0..<pool.threadCount).contains(thread) else {
      throw InputError(key: "thread", "expected 0 to \(pool.threadCount - 1), found \(thread)")
    }
    try firstFailure(pool.map { index in index == thread ? touchPart(0..<byteCount) : 0 })
  }

  /// Touches every page from the calling thread.
  public func touch() throws {
    try firstFailure([touchPart(0..<byteCount)])
  }

  private func touchPart(_ range: Range<Int>) -> Int32 {
    guard !range.isEmpty else { return 0 }
    // A huge page that the bound node does not have would kill the process by SIGBUS; this asks, and gets an error.
    if requestedPages == .huge {
      let result = linux_populate(base + range.lowerBound, range.count)
      if result != -EINVAL { return result }  // EINVAL: kernels before 5.14
    }
    linux_touch(base + range.lowerBound, range.count, basePageBytes)
    return 0
  }

  private func firstFailure(_ results: [Int32]) throws {
    for result in results {
      try check(result, "madvise(MADV_POPULATE_WRITE)", advice: "not enough huge pages on the node asked for")
    }
  }

  // MARK: - Verification

  /// Asks the kernel where the pages lie and of which kind they are. Call it after the first touch.
  public func verify(sampleLimit: Int = 65_536) -> PlacementReport {
    PlacementReport.query(self, sampleLimit: sampleLimit)
  }

  // MARK: - Mapping

  private static func checkAvailable(_ bytes: Int, pages: PageKind) throws {
    // Huge pages are taken from their own pool, which mmap checks. Otherwise the kernel promises memory that it does not
    // have and kills the process at the first touch.
    guard pages != .huge, let available = SystemFiles().kilobytesField("MemAvailable", in: "proc/meminfo"),
      bytes > available
    else { return }
    throw SystemError(
      call: "mmap", code: ENOMEM,
      advice: "\(formatByteCount(bytes)) wanted, \(formatByteCount(available)) of memory available")
  }

  private static func advise(_ pages: PageKind, _ base: UnsafeMutableRawPointer, _ bytes: Int) -> String? {
    switch pages {
    case .huge: return nil
    case .base:
      let result = linux_advise_huge_pages(base, bytes, 0)
      // EINVAL: a kernel without transparent huge pages, which gives base pages anyway.
      return result == 0 || result == -EINVAL ? nil : "madvise(MADV_NOHUGEPAGE): \(errorText(-result))"
    case .transparentHuge:
      let result = linux_advise_huge_pages(base, bytes, 1)
      return result == 0 ? nil : "madvise(MADV_HUGEPAGE): \(errorText(-result)); base pages are used"
    }
  }

  private static func bind(
    _ policy: MemoryPolicy, _ base: UnsafeMutableRawPointer, _ bytes: Int, _ topology: Topology
  ) throws -> String? {
    let nodes: [Int]
    let mode: Int32
    switch policy {
    // One array is one copy: whoever replicates binds each copy to its node.
    case .local, .replicated: return nil
    case .interleave:
      nodes = topology.allowedNodes
      guard nodes.count > 1 else { return "one memory node only: interleave is the same as local" }
      mode = Int32(MPOL_INTERLEAVE)
    case .node(let node):
      guard topology.allowedNodes.contains(node) || (topology.nodes.isEmpty && node == 0) else {
        throw InputError(
          key: "memory",
          "expected one of the memory nodes \(formatCPUList(topology.allowedNodes)), found node:\(node)")
      }
      guard !topology.nodes.isEmpty else { return "the kernel exposes no NUMA nodes: node:0 is the same as local" }
      nodes = [node]
      mode = Int32(MPOL_BIND)
    }

    let wordBits = UInt.bitWidth
    var mask = [UInt](repeating: 0, count: (nodes.max() ?? 0) / wordBits + 1)
    for node in nodes { mask[node / wordBits] |= 1 << (node % wordBits) }
    // The kernel reads one bit less than `maxnode` says.
    guard mbind(base, UInt(bytes), mode, mask, UInt(mask.count * wordBits + 1), 0) == 0 else {
      let code = errno
      let advice =
        code == EPERM
        ? "denied, as the default seccomp profile of containers does; run with CAP_SYS_NICE"
        : errorText(code)
      return "mbind: \(advice); pages lie where they are first touched"
    }
    return nil
  }
}

let basePageBytes = sysconf(Int32(_SC_PAGESIZE))

/// Of the kernel's default huge page; 2 MiB where it does not say.
let hugePageBytes =
  SystemFiles().kilobytesField("Hugepagesize", in: "proc/meminfo") ?? 2 * 1024 * 1024
