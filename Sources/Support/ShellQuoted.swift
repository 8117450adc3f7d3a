/// A word in a shell's notation, for people to copy: one line, in quotes where the word contains more than letters,
/// digits and `/._-=,:%@+`. Control characters and marks that change the direction of writing are escapes in `$'…'`,
/// which bash, zsh, ksh and POSIX.1-2024 know.
public func shellQuoted(_ word: String) -> String {
  let isPlain = word.unicodeScalars.allSatisfy {
    $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || "/._-=,:%@+".unicodeScalars.contains($0))
  }
  if isPlain && !word.isEmpty { return word }
  guard word.unicodeScalars.contains(where: \.isUnprintable) else {
    return "'" + word.replacing(scalar: "'", with: "'\\''") + "'"
  }
  return "$'" + word.unicodeScalars.map(escaped).joined() + "'"
}

private func escaped(_ scalar: Unicode.Scalar) -> String {
  switch scalar {
  case "\n": return "\\n"
  case "\r": return "\\r"
  case "\t": return "\\t"
  case "'", "\\": return "\\\(scalar)"
  case _ where scalar.isUnprintable:
    return String(scalar).utf8.map { "\\\(octal($0))" }.joined()
  default: return String(scalar)
  }
}

private func octal(_ byte: UInt8) -> String {
  let digits = String(byte, radix: 8)
  return String(repeating: "0", count: 3 - digits.count) + digits
}
