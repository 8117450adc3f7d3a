/// The number of columns that `text` takes on a terminal, as wcwidth counts them: two for wide and fullwidth
/// characters, none for combining marks and format characters.
///
/// - Complexity: O(n) in the scalars of the text.
public func displayWidth(_ text: some StringProtocol) -> Int {
  text.unicodeScalars.reduce(0) { $0 + $1.displayWidth }
}

extension String {
  /// The longest prefix of whole characters that takes at most `columns` columns.
  public func prefix(columns: Int) -> Substring {
    var width = 0
    for index in indices {
      width += displayWidth(String(self[index]))
      if width > columns { return self[..<index] }
    }
    return self[...]
  }

  /// The text padded with spaces to `columns` columns, after it or, with `right`, before it.
  public func padded(to columns: Int, right: Bool = false) -> String {
    let padding = String(repeating: " ", count: max(0, columns - displayWidth(self)))
    return right ? padding + self : self + padding
  }
}

extension Unicode.Scalar {
  fileprivate var displayWidth: Int {
    if value < 0x300 { return value < 0x20 || (0x7F..<0xA0).contains(value) ? 0 : 1 }
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control, .lineSeparator, .paragraphSeparator: return 0
    default: break
    }
    // Vowels and finals of Hangul, which join the initial before them.
    if (0x1160...0x11FF).contains(value) { return 0 }
    // Two regional indicators make a flag of two columns.
    if (0x1F1E6...0x1F1FF).contains(value) { return 1 }
    return properties.isEmojiPresentation || Self.wide.contains { $0.contains(value) } ? 2 : 1
  }

  /// East_Asian_Width W and F of Unicode's EastAsianWidth.txt (version 14; code points that are not assigned join their
  /// neighbours), without the emoji, which the standard library knows.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x3247, 0x3250...0x4DBF, 0x4E00...0xA4CF,
    0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6B, 0xFF01...0xFF60,
    0xFFE0...0xFFE6, 0x16FE0...0x1B2FB, 0x1F200...0x1F265, 0x20000...0x3FFFD,
  ]
}
