import Foundation

/// Rows of tables with the popularity of words in a text (Zipf 1949): the k-th most popular row of a table is drawn
/// with probability proportional to 1 / k^exponent, independently for each token and table. Exponent 0 is uniform.
///
/// Each table has its own random order of popularity, so that popular rows are scattered, as trained hashes leave
/// them.
public enum ZipfRows {
  /// [tokens, tables]. The first tokens do not depend on the number of tokens drawn.
  public static func draw(exponent: Double, tables: Int, tableRows: Int, tokens: Int, seed: UInt64) -> [Int32] {
    // A random stream separate from that of the weights, which starts from the seed itself.
    var random = RandomSource(seed: seed ^ 0x0021_9F00_5EED_C0DE)
    let order = (0..<tables).map { _ in
      // Fisher-Yates shuffle.
      var rows = Array(0..<Int32(tableRows))
      for i in stride(from: tableRows - 1, to: 0, by: -1) { rows.swapAt(i, Int(random.next() % UInt64(i + 1))) }
      return rows
    }
    var sum = 0.0
    let cumulative = (1...tableRows).map { rank in
      sum += pow(Double(rank), -exponent)
      return sum
    }
    var drawn = [Int32]()
    drawn.reserveCapacity(tokens * tables)
    for _ in 0..<tokens {
      for table in 0..<tables {
        let place = Double(random.next() >> 11) * 0x1p-53 * sum
        drawn.append(order[table][rank(of: place, in: cumulative)])
      }
    }
    return drawn
  }

  /// The first index whose cumulative weight exceeds `place`, by bisection.
  private static func rank(of place: Double, in cumulative: [Double]) -> Int {
    var low = 0
    var high = cumulative.count - 1
    while low < high {
      let middle = (low + high) / 2
      if cumulative[middle] > place { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Shannon entropy of a row in bits: log2(tableRows) at exponent 0.
  public static func entropyBits(exponent: Double, tableRows: Int) -> Double {
    let weights = (1...tableRows).map { pow(Double($0), -exponent) }
    let sum = weights.reduce(0, +)
    return weights.reduce(0) { $0 - $1 / sum * log2($1 / sum) }
  }
}
