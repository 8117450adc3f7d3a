import Foundation

/// Mean over tables of the Shannon entropy of the codes, in bits: log2(rows) where every row is equally likely. Few tokens
/// per row bias it downwards (Miller 1955: by about (rows - 1) / (2 ln 2 tokens)).
func codeEntropy(_ codes: [Int32], tables: Int) -> Double {
  let tokens = codes.count / max(tables, 1)
  guard tokens > 0 else { return 0 }
  var total = 0.0
  for table in 0..<tables {
    var counts: [Int32: Int] = [:]
    for token in 0..<tokens { counts[codes[token * tables + table], default: 0] += 1 }
    for count in counts.values {
      let share = Double(count) / Double(tokens)
      total -= share * log2(share)
    }
  }
  return total / Double(tables)
}
