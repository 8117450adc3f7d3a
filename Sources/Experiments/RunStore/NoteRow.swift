import GRDB

/// A remark about a point or one of its launches: a row of notes.csv.
public struct NoteRow: RunRow, Hashable, Sendable {
  public static let table = "notes"

  public enum Kind: String, CaseIterable, Codable, Sendable {
    /// A note of an older version, of which only the text is known.
    case note
    /// The tokens that the check of the output left out.
    case check
    /// The placement of memory, and whether it changed.
    case placement
    /// An operation that the CPU lacks, and its replacement.
    case arithmetic
    /// A projection that is missing, and the reason.
    case projection
    /// Launches that differ more than the samples of one launch.
    case launches
    /// A launch around which the machine's speed changed.
    case drift
  }

  public var runID: String
  public var pointID: String
  /// The launch concerned; nil for the point as a whole.
  public var launch: Int?
  public var kind: Kind
  public var text: String

  public enum CodingKeys: String, CodingKey, CaseIterable {
    case runID = "run_id"
    case pointID = "point_id"
    case launch
    case kind
    case text
  }

  public init(runID: String, pointID: String, launch: Int? = nil, kind: Kind, text: String) {
    self.runID = runID
    self.pointID = pointID
    self.launch = launch
    self.kind = kind
    self.text = text
  }

  /// The texts of a point's notes as results.csv has them, each once: those of launches in order, then those of all
  /// launches together, then those of drift. Nil for none.
  static func joined(_ notes: [NoteRow]) -> String? {
    func place(_ kind: Kind) -> Int { kind == .drift ? 2 : kind == .launches ? 1 : 0 }
    let sorted = notes.enumerated().sorted { one, other in
      (place(one.element.kind), one.element.launch ?? -1, one.offset)
        < (place(other.element.kind), other.element.launch ?? -1, other.offset)
    }
    var texts: [String] = []
    for (_, note) in sorted where !texts.contains(note.text) { texts.append(note.text) }
    return texts.isEmpty ? nil : texts.joined(separator: "; ")
  }
}
