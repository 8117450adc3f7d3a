import CLibNUMA
import Glibc

/// Where the pages of a `PlacedMemory` lie, as the kernel says: evidence for the row of a measurement.
public struct PlacementReport: Codable, Equatable, Sendable {
  public var byteCount: Int
  public var requestedPolicy: String
  public var requestedPages: PageKind
  /// Base pages in the mapping.
  public var pageCount: Int
  /// Base pages that were asked about: all, or an evenly spaced sample of a large mapping.
  public var queriedPages: Int
  public var isSampled: Bool
  /// Queried pages on each node; nil where the kernel does not say, with the reason in `notes`.
  public var pagesPerNode: [Int: Int]?
  /// Queried pages that no one has touched yet.
  public var untouchedPages: Int?
  /// The kind that backs at least half of the resident memory; nil where it is not known or nothing is resident.
  public var obtainedPages: PageKind?
  /// The share of resident bytes on huge pages, 0 to 1; nil where it is not known or nothing is resident.
  public var hugeFraction: Double?
  /// What could not be done or found out.
  public var notes: [String]

  /// `4k` and the like, or empty where it is not known: for a column of a table.
  public var pageKindName: String { obtainedPages?.rawValue ?? "" }

  /// `0:1024 1:1024`, or empty where it is not known: for a column of a table.
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
    var pages = (0..<queriedPages).map { sample -> UnsafeMutableRawPointer? in
      // 64-bit product: at most 2^16 samples of at most 2^36 pages.
      memory.base + (sample * pageCount / queriedPages) * basePageBytes
    }
    var status = [Int32](repeating: 0, count: queriedPages)
    guard move_pages(0, UInt(queriedPages), &pages, nil, &status, 0) == 0 else {
      notes.append("move_pages: \(errorText(errno)); the pages' nodes are not known")
      return
    }
    if isSampled { notes.append("\(queriedPages) of \(pageCount) pages were asked about, evenly spaced") }
    var nodes: [Int: Int] = [:]
    var untouched = 0
    var failures: [Int32: Int] = [:]
    for entry in status {
      switch entry {
      case 0...: nodes[Int(entry), default: 0] += 1
      // EFAULT: the shared zero page, which a read of untouched memory maps.
      case -ENOENT, -EFAULT: untouched += 1
      default: failures[-entry, default: 0] += 1
      }
    }
    for (code, count) in failures.sorted(by: { $0.key < $1.key }) {
      notes.append("move_pages: \(errorText(code)) for \(count) pages")
    }
    pagesPerNode = nodes
    untouchedPages = untouched
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
      notes.append("\(requestedPages.rawValue) pages were asked for, \(obtainedPages.rawValue) obtained")
    }
  }
}

/// What /proc/PID/smaps says about an address range.
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
