import Plans

/// A name as part of a file's name: ASCII letters, digits, `-` and `_`. A name with other characters, a long one, or
/// one that a file system may confuse with another by its case, gets a hash behind a dot, which no other name has, so
/// that two names never share a file.
func fileName(_ name: String) -> String {
  let isPlain = name.unicodeScalars.allSatisfy {
    ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "-" || $0 == "_"
  }
  if isPlain, (1...longestFileName).contains(name.utf8.count) { return name }
  let plain = name.unicodeScalars.prefix(longestFileName).map { scalar -> String in
    let isKept =
      ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "-"
      || scalar == "_"
    return isKept ? String(scalar) : "-"
  }
  return plain.joined() + "." + hexadecimal(fnv1a64(name))
}

/// Leaves room in the 255 bytes of a file's name for the text before and after it.
private let longestFileName = 100
