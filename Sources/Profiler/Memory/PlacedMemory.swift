import CLibNUMA
import CLinux
import Glibc
import Support

/// Anonymous memory with a requested node and page kind, which its owner touches first and which is then verified.
///
/// Usage: create it, `touch` it, fill it, `verify` it, and store the report with the measurement. Before the first
/// touch the memory reads as zero and has no pages.
///
/// Unchecked: what it holds never changes, and the kernel's own calls on a mapping may come from any thread. Who reads and
/// writes the memory itself keeps threads to parts of their own.
public final class PlacedMemory: @unchecked Sendable {
  public let base: UnsafeMutableRawPointer
  /// The usable size: the requested size, rounded up to whole pages of the requested kind.
  public let byteCount: Int
  public let requestedPages: PageKind
  public let requestedPolicy: MemoryPolicy
  /// What could not be done as requested, for the report.
  public let notes: [String]

  /// The wanted nodes of the pages.
  let layout: PageLayout
  /// Parts and huge pages begin at multiples of this: the page size of the requested kind.
  let unitBytes: Int

  private let mapping: linux_mapping

  /// Maps at least `bytes` bytes for workers on the CPUs `owners`, in their order, so that `touch(by:)` with a pool
  /// of as many threads is each owner's first touch. Without owners, `local` and `firstTouch` place a page where it
  /// is touched first.
  ///
  /// Throws `InputError` for a node that does not exist or may not be used, and for `remote` where there is no other node;
  /// `SystemError` where the kernel has no such memory. Where the kernel denies placement (seccomp in containers), the
  /// memory is usable and `notes` say so.
  public init(
    bytes: Int, pages: PageKind = .base, policy: MemoryPolicy = .local, owners: [Int] = [],
    topology: Topology = .read()
  ) throws {
    precondition(bytes > 0, "expected at least 1 byte, found \(bytes)")
    let unit = pages == .base ? basePageBytes : hugePageBytes
    let (layout, note) = try PageLayout.wanted(policy, owners: owners, topology: topology)
    let (padded, overflow) = bytes.addingReportingOverflow(unit - 1)
    let byteCount = padded / unit * unit
    guard !overflow else { throw SystemError(call: "mmap", code: ENOMEM, advice: "\(bytes) bytes") }
    try Self.checkAvailable(byteCount, pages: pages, layout)

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

    self.notes = [
      note, Self.advise(pages, base, byteCount),
      Self.bind(layout, base, unit: unit, units: byteCount / unit).map {
        "\($0); pages lie where they are first touched"
      },
    ].compactMap { $0 }
    self.base = base
    self.byteCount = byteCount
    self.requestedPages = pages
    self.requestedPolicy = policy
    self.layout = layout
    self.unitBytes = unit
    self.mapping = mapping
  }

  deinit {
    withUnsafePointer(to: mapping) { linux_unmap($0) }
  }

  /// The memory as `count` values of a trivial type from byte `offset` on.
  public func bind<Value: BitwiseCopyable>(
    to type: Value.Type, count: Int, offset: Int = 0
  ) -> UnsafeMutablePointer<Value> {
    precondition(
      count >= 0 && (0...byteCount).contains(offset) && offset % MemoryLayout<Value>.alignment == 0
        && count <= (byteCount - offset) / MemoryLayout<Value>.stride,
      "expected \(count) values of \(type) from byte \(offset) to fit into \(byteCount) bytes")
    return base.advanced(by: offset).bindMemory(to: type, capacity: count)
  }

  // MARK: - First touch

  /// Touches every page: worker k of the pool touches the k-th part, cut at page boundaries. Contents stay.
  public func touch(by pool: PinnedPool) throws {
    let ranges = partition(units: byteCount / unitBytes, parts: pool.threadCount)
    try firstFailure(
      pool.map { index in
        touchPart(ranges[index].lowerBound * unitBytes..<ranges[index].upperBound * unitBytes)
      })
  }

  /// Touches every page from worker `thread` alone.
  public func touch(by pool: PinnedPool, thread: Int) throws {
    precondition(
      (0..<pool.threadCount).contains(thread), "expected thread 0 to \(pool.threadCount - 1), found \(thread)")
    try firstFailure(pool.map { index in index == thread ? touchPart(0..<byteCount) : 0 })
  }

  /// Touches every page from the calling thread.
  public func touch() throws {
    try firstFailure([touchPart(0..<byteCount)])
  }

  private func touchPart(_ range: Range<Int>) -> Int32 {
    guard !range.isEmpty else { return 0 }
    // Where the bound node lacks a huge page, a touch would end the process by SIGBUS; this call returns an error
    // instead.
    if requestedPages == .huge {
      let result = linux_populate(base + range.lowerBound, range.count)
      if result != -EINVAL { return result }  // EINVAL: kernels before 5.14
    }
    linux_touch(base + range.lowerBound, range.count, basePageBytes)
    return 0
  }

  private func firstFailure(_ results: [Int32]) throws {
    for result in results {
      try check(result, "madvise(MADV_POPULATE_WRITE)", advice: "not enough huge pages on the requested node")
    }
  }

  // MARK: - Verification

  /// Reads from the kernel where the pages lie and of which kind they are. Call it after the first touch.
  public func verify(sampleLimit: Int = 65_536) -> PlacementReport {
    PlacementReport.query(self, sampleLimit: sampleLimit)
  }

  // MARK: - Mapping

  private static func checkAvailable(_ bytes: Int, pages: PageKind, _ layout: PageLayout) throws {
    // Huge pages come from their own pool, which mmap checks. For other pages the kernel grants more memory than it
    // has and kills the process at the first touch; for a bound part even where another node has memory left.
    guard pages != .huge else { return }
    let files = SystemFiles()
    func require(_ wanted: Int, of available: Int?, _ place: String) throws {
      guard let available, wanted > available else { return }
      throw SystemError(
        call: "mmap", code: ENOMEM,
        advice: "\(formatByteCount(wanted)) wanted, \(formatByteCount(available)) of memory available\(place)")
    }
    let available = AvailableMemory.read()
    try require(bytes, of: available?.bytes, available.map { " by \($0.limit)" } ?? "")
    guard case .parts(let nodes, isBound: true) = layout else { return }
    for (node, parts) in Dictionary(grouping: nodes, by: { $0 }) {
      try require(bytes / nodes.count * parts.count, of: availableBytes(onNode: node, files), " on node \(node)")
    }
  }

  /// The memory that a node can give at most: free memory, and memory that the kernel can reclaim (file pages that
  /// are not shared memory, reclaimable slabs). Nil where the kernel does not state it.
  private static func availableBytes(onNode node: Int, _ files: SystemFiles) -> Int? {
    let meminfo = "sys/devices/system/node/node\(node)/meminfo"
    func field(_ key: String) -> Int? { files.kilobytesField(key, in: meminfo) }
    guard let free = field("MemFree"), let file = field("FilePages") else { return nil }
    return free + max(0, file - (field("Shmem") ?? 0)) + (field("SReclaimable") ?? 0)
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

  /// Requests `layout` from the kernel. Returns nil, or why the kernel refused it.
  private static func bind(
    _ layout: PageLayout, _ base: UnsafeMutableRawPointer, unit: Int, units: Int
  ) -> String? {
    switch layout {
    case .anywhere, .parts(_, isBound: false): return nil
    case .interleaved(let nodes): return bind(base, units * unit, Int32(MPOL_INTERLEAVE), nodes)
    case .parts(let nodes, isBound: true):
      let failures = zip(nodes, partition(units: units, parts: nodes.count)).compactMap { node, part in
        part.isEmpty ? nil : bind(base + part.lowerBound * unit, part.count * unit, Int32(MPOL_BIND), [node])
      }
      return failures.first
    }
  }

  private static func bind(
    _ base: UnsafeMutableRawPointer, _ bytes: Int, _ mode: Int32, _ nodes: [Int]
  ) -> String? {
    let wordBits = UInt.bitWidth
    var mask = [UInt](repeating: 0, count: (nodes.max() ?? 0) / wordBits + 1)
    for node in nodes { mask[node / wordBits] |= 1 << (node % wordBits) }
    // The kernel reads one bit less than `maxnode` says.
    guard mbind(base, UInt(bytes), mode, mask, UInt(mask.count * wordBits + 1), 0) == 0 else {
      return placementFailure("mbind", errno)
    }
    return nil
  }
}

/// Advice for where a container's seccomp profile denies the system calls of memory placement. Docker's default
/// profile allows `mbind` with CAP_SYS_NICE and does not include `move_pages`.
let placementAdvice = "run the container with --cap-add SYS_NICE --security-opt seccomp=unconfined"

/// Why a system call of memory placement failed. EPERM and, in newer container runtimes, ENOSYS come from a filter.
func placementFailure(_ call: String, _ code: Int32) -> String {
  code == EPERM || code == ENOSYS
    ? "\(call): denied (\(errorText(code))), as the seccomp profile of containers does; \(placementAdvice)"
    : "\(call): \(errorText(code))"
}

let basePageBytes = sysconf(Int32(_SC_PAGESIZE))

/// Size of the kernel's default huge page; 2 MiB where the kernel does not state it.
let hugePageBytes =
  SystemFiles().kilobytesField("Hugepagesize", in: "proc/meminfo") ?? 2 * 1024 * 1024
