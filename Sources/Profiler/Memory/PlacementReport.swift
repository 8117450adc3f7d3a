import CLibNUMA
import Glibc

/// The places of a `PlacedMemory`'s pages, as the kernel reports them; stored with a measurement as evidence.
public struct PlacementReport: Codable, Equatable, Sendable {
  public var byteCount: Int
  public var requestedPolicy: String
  public var requestedPages: PageKind
  /// Base pages in the mapping.
  public var pageCount: Int
  /// Base pages that were queried: all, or an evenly spaced sample of a large mapping.
  public var queriedPages: Int
  public var isSampled: Bool
  /// Queried pages on each node; nil where the kernel does not report them, with the reason in `notes`.
  public var pagesPerNode: [Int: Int]?
  /// Queried pages on another node than requested; nil where none was requested or the nodes are not known.
  public var misplacedPages: Int?
  /// Queried pages that have not been touched yet.
  public var untouchedPages: Int?
  /// The kind that backs at least half of the resident memory; nil where it is not known or nothing is resident.
  public var obtainedPages: PageKind?
  /// The share of resident bytes on huge pages, 0 to 1; nil where it is not known or nothing is resident.
  public var hugeFraction: Double?
  /// What could not be done or determined.
  public var notes: [String]

  /// The page kind for a table's column, such as `4k`; empty where it is not known.
  public var pageKindName: String { obtainedPages?.rawValue ?? "" }

  /// Pages per node for a table's column, such as `0:1024 1:1024`; empty where they are not known.
  public var pagesPerNodeText: String {
    (pagesPerNode ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: " ")
  }

  static func query(_ memory: PlacedMemory, sampleLimit: Int) -> PlacementReport {
    let pageCount = memory.byteCount / basePageBytes
    let queried = min(pageCount, max(1, sampleLimit))
    var report = PlacementReport(
      byteCount: memory.byteCount, requestedPolicy: memory.requestedPolicy.description,
      requestedPages: memory.requestedPages, pageCount: pageCount, queriedPages: queried,
      isSampled: queried < pageCount, notes: memory.notes)
    report.askForNodes(memory)
    report.askForKind(memory)
    return report
  }

  private mutating func askForNodes(_ memory: PlacedMemory) {
    let sample = Self.sample(queriedPages, of: pageCount)
    var pages = sample.map { page -> UnsafeMutableRawPointer? in memory.base + page * basePageBytes }
    var status = [Int32](repeating: 0, count: queriedPages)
    guard move_pages(0, UInt(queriedPages), &pages, nil, &status, 0) == 0 else {
      notes.append(placementFailure("move_pages", errno))
      return askNumaMaps(memory)
    }
    if isSampled { notes.append("\(queriedPages) of \(pageCount) pages were queried") }
    var found: [(page: Int, node: Int)] = []
    var untouched = 0
    var failures: [Int32: Int] = [:]
    for (page, entry) in zip(sample, status) {
      switch entry {
      case 0...: found.append((page, Int(entry)))
      // EFAULT is the shared zero page, which a read of untouched memory maps.
      case -ENOENT, -EFAULT: untouched += 1
      default: failures[-entry, default: 0] += 1
      }
    }
    for (code, count) in failures.sorted(by: { $0.key < $1.key }) {
      notes.append("move_pages: \(errorText(code)) for \(count) pages")
    }
    pagesPerNode = Dictionary(grouping: found, by: \.node).mapValues(\.count)
    untouchedPages = untouched
    misplacedPages = memory.layout.misplaced(
      pages: found.map(\.page), on: found.map(\.node), pageCount: pageCount, unit: memory.unitBytes / basePageBytes)
    if let misplacedPages, misplacedPages > 0 {
      notes.append("\(misplacedPages) of \(found.count) pages lie on another node than '\(requestedPolicy)' requests")
    }
  }

  /// One page from each of `count` equal parts of the mapping, at a pseudo-random place within the part. A regular
  /// stride would meet the same node repeatedly where pages are interleaved.
  private static func sample(_ count: Int, of pageCount: Int) -> [Int] {
    guard count < pageCount else { return Array(0..<pageCount) }
    var state: UInt64 = 1
    return partition(units: pageCount, parts: count).map { part in
      // Knuth's MMIX linear congruential generator; its upper bits are the random ones.
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return part.lowerBound + Int((state >> 33) % UInt64(part.count))
    }
  }

  /// The fallback where move_pages is denied. /proc needs no special system call; it counts the pages of a mapping
  /// per node, but does not tell where each page lies.
  private mutating func askNumaMaps(_ memory: PlacedMemory) {
    guard let text = SystemFiles().text("proc/self/numa_maps") else {
      notes.append("no /proc/self/numa_maps either; the pages' nodes are not known")
      return
    }
    let start = UInt(bitPattern: memory.base)
    let counted = NodeUsage(
      numaMaps: text, range: start..<(start + UInt(memory.byteCount)), basePageBytes: basePageBytes)
    notes.append("pages per node are those of /proc/self/numa_maps")
    pagesPerNode = counted.pagesPerNode
    let resident = counted.pagesPerNode.values.reduce(0, +)
    (queriedPages, isSampled, untouchedPages) = (pageCount, false, max(0, pageCount - resident))
  }

  private mutating func askForKind(_ memory: PlacedMemory) {
    guard let smaps = SystemFiles().text("proc/self/smaps") else {
      notes.append("/proc/self/smaps cannot be read; the page kind is not known")
      return
    }
    let start = UInt(bitPattern: memory.base)
    let usage = MappingUsage(smaps: smaps, range: start..<(start + UInt(memory.byteCount)))
    guard usage.residentBytes > 0 else { return }
    let huge = Double(usage.transparentHugeBytes + usage.hugetlbBytes) / Double(usage.residentBytes)
    hugeFraction = huge
    obtainedPages = huge < 0.5 ? .base : usage.hugetlbBytes > usage.transparentHugeBytes ? .huge : .transparentHuge
    if let obtainedPages, obtainedPages != requestedPages {
      notes.append("\(requestedPages.rawValue) pages were requested, \(obtainedPages.rawValue) obtained")
    }
  }
}

/// The figures of /proc/PID/smaps for an address range.
struct MappingUsage: Equatable {
  var residentBytes = 0
  var transparentHugeBytes = 0
  var hugetlbBytes = 0

  /// Sums the mappings that lie inside `range`.
  init(smaps: String, range: Range<UInt>) {
    var isInside = false
    for line in smaps.split(separator: "\n") {
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      guard let first = words.first else { continue }
      if first.last != ":" {
        let ends = first.split(separator: "-").compactMap { UInt($0, radix: 16) }
        isInside = ends.count == 2 && range.lowerBound <= ends[0] && ends[1] <= range.upperBound
      } else if isInside, words.count >= 2, let kilobytes = Int(words[1]) {
        switch first {
        case "Rss:": residentBytes += kilobytes * 1024
        case "AnonHugePages:": transparentHugeBytes += kilobytes * 1024
        // Pages of hugetlbfs are not counted in Rss.
        case "Private_Hugetlb:", "Shared_Hugetlb:":
          hugetlbBytes += kilobytes * 1024
          residentBytes += kilobytes * 1024
        default: break
        }
      }
    }
  }
}

/// The figures of /proc/PID/numa_maps for an address range.
struct NodeUsage: Equatable {
  /// In base pages.
  var pagesPerNode: [Int: Int] = [:]

  /// Sums the mappings that begin inside `range`. Lines read `7f00c0000000 bind:1 anon=4 dirty=4 N0=1 N1=3
  /// kernelpagesize_kB=4`, with counts in pages of that size (proc(5)).
  init(numaMaps: String, range: Range<UInt>, basePageBytes: Int) {
    for line in numaMaps.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let start = words.first.flatMap({ UInt($0, radix: 16) }), range.contains(start) else { continue }
      var counts: [Int: Int] = [:]
      var pageBytes = basePageBytes
      for word in words.dropFirst() {
        let parts = word.split(separator: "=")
        guard parts.count == 2, let number = Int(parts[1]) else { continue }
        if parts[0] == "kernelpagesize_kB" {
          pageBytes = number * 1024
        } else if parts[0].first == "N", let node = Int(parts[0].dropFirst()) {
          counts[node] = number
        }
      }
      for (node, count) in counts { pagesPerNode[node, default: 0] += count * pageBytes / basePageBytes }
    }
  }
}
