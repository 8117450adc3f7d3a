/// Text from a file, a host or a person as one line of visible characters, for reports, plots and terminals. A run of
/// tabs and line breaks becomes a space; other control characters, and those that change the direction of writing,
/// become U+FFFD.
///
/// It looks at Unicode scalars: CR and LF are one `Character`, and a combining mark joins the `Character` before it.
public func singleLine(_ text: String) -> String {
  guard text.unicodeScalars.contains(where: \.isUnprintable) else { return text }
  var line = String.UnicodeScalarView()
  var isInBreak = false
  for scalar in text.unicodeScalars {
    let isBreak = scalar.isLineBreak || scalar == "\t"
    if isBreak {
      if !isInBreak { line.append(" ") }
    } else {
      line.append(scalar.isUnprintable ? "\u{FFFD}" : scalar)
    }
    isInBreak = isBreak
  }
  return String(line)
}

/// Text of several lines with the same replacements, except that LF and tabs stay and CR LF becomes LF.
public func visibleLines(_ text: String) -> String {
  guard text.unicodeScalars.contains(where: { $0.isUnprintable && $0 != "\n" && $0 != "\t" }) else { return text }
  var lines = String.UnicodeScalarView()
  var last: Unicode.Scalar?
  for scalar in text.unicodeScalars {
    defer { last = scalar }
    switch scalar {
    case "\n" where last == "\r": continue
    case "\n", "\t": lines.append(scalar)
    case _ where scalar.isLineBreak: lines.append("\n")
    default: lines.append(scalar.isUnprintable ? "\u{FFFD}" : scalar)
    }
  }
  return String(lines)
}

extension String {
  /// The text with `replacement` for each `scalar`, even where a combining mark follows. `replacing` would skip that
  /// case, because both are one `Character`.
  public func replacing(scalar: Unicode.Scalar, with replacement: String) -> String {
    guard unicodeScalars.contains(scalar) else { return self }
    var result = String.UnicodeScalarView()
    for other in unicodeScalars {
      if other == scalar { result.append(contentsOf: replacement.unicodeScalars) } else { result.append(other) }
    }
    return String(result)
  }
}

extension Unicode.Scalar {
  /// LF, VT, FF, CR, NEL, and the line and paragraph separators.
  public var isLineBreak: Bool {
    switch value {
    case 0x0A...0x0D, 0x85, 0x2028, 0x2029: return true
    default: return false
    }
  }

  /// Whether this is not a visible character of a line of text: a control, a line break, or a mark that reorders or
  /// hides text (general categories Cc, Cf, Zl and Zp). The two joiners are allowed, because words and emoji need
  /// them.
  public var isUnprintable: Bool {
    if isASCII { return value < 0x20 || value == 0x7F }
    if value == 0x200C || value == 0x200D { return false }
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: return true
    default: return false
    }
  }
}
