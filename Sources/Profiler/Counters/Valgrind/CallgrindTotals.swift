import Support

/// What callgrind counted in all, from the file that it writes as the program ends.
public struct CallgrindTotals: Equatable, Sendable {
  /// Such as `callgrind-3.19.0`.
  public var creator: String
  public var counts: [String: UInt64]

  /// What callgrind counts with simulated caches, write-backs and branches, as its manual names them ("Callgrind:
  /// cache simulation options"): instructions, data reads and writes, misses of the first and last level (m; dm where
  /// a modified line had to be written back first), conditional and indirect branches and those that were
  /// mispredicted.
  public static let events = [
    "Ir", "Dr", "Dw", "I1mr", "D1mr", "D1mw", "ILmr", "DLmr", "DLmw", "ILdmr", "DLdmr", "DLdmw", "Bc", "Bcm", "Bi",
    "Bim",
  ]

  public init(creator: String, counts: [String: UInt64]) {
    self.creator = creator
    self.counts = counts
  }

  /// Reads callgrind's format; throws `InputError` for a file that is not, or that ends before its totals.
  public init(text: String, file: String) throws {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    func value(_ key: String) -> (line: Int, words: [Substring])? {
      for (index, line) in lines.enumerated() where line.hasPrefix("\(key):") {
        return (index + 1, line.dropFirst(key.count + 1).split(separator: " "))
      }
      return nil
    }
    guard let creator = value("creator")?.words.first, creator.hasPrefix("callgrind-") else {
      throw InputError(file: file, "expected a file of callgrind with 'creator: callgrind-…', found none")
    }
    guard let events = value("events"), !events.words.isEmpty else {
      throw InputError(file: file, "expected a line 'events:', found none")
    }
    guard let totals = value("totals") else {
      throw InputError(file: file, "expected a line 'totals:' at the end, found none: the file is truncated")
    }
    // Zeros at the end are left out.
    guard totals.words.count <= events.words.count else {
      throw InputError(
        file: file, line: totals.line,
        "expected at most \(events.words.count) totals, one an event, found \(totals.words.count)")
    }
    self.creator = String(creator)
    counts = [:]
    for (index, event) in events.words.enumerated() {
      guard index < totals.words.count else {
        counts[String(event)] = 0
        continue
      }
      guard let count = UInt64(totals.words[index]) else {
        throw InputError(
          file: file, line: totals.line, "expected a number for \(event), found \(quote(String(totals.words[index])))")
      }
      counts[String(event)] = count
    }
  }
}
