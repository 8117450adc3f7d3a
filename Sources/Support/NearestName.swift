/// The name in `candidates` with the smallest edit distance to `name`, if it is close enough to be a likely typing
/// error.
///
/// Close enough is a third of the name's length, but at least two edits: a swapped pair of letters counts two in
/// Levenshtein's distance.
public func nearestName(to name: String, among candidates: [String]) -> String? {
  // No name of this program is as long, and the distance takes time in proportion to both lengths.
  guard name.utf8.count <= longestName else { return nil }
  let candidates = candidates.filter { $0.utf8.count <= longestName }
  let limit = max(2, name.count / 3)
  return candidates.map { ($0, editDistance(name, $0)) }.filter { $0.1 <= limit }.min { $0.1 < $1.1 }?.0
}

private let longestName = 200

/// Levenshtein's edit distance in O(len a x len b) time.
private func editDistance(_ a: String, _ b: String) -> Int {
  let a = Array(a), b = Array(b)
  var previous = Array(0...b.count)
  for i in a.indices {
    var current = [i + 1]
    for j in b.indices {
      current.append(min(previous[j] + (a[i] == b[j] ? 0 : 1), previous[j + 1] + 1, current[j] + 1))
    }
    previous = current
  }
  return previous[b.count]
}
