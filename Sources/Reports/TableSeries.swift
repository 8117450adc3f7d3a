import Kernels
import Plans
import Profiler
import RunStore

/// Lookup results that differ in table size only, ascending by size: a line of a plot.
struct TableSeries {
  var name: String
  var threads: Int
  var tokens: Int
  var hidden: Int
  var rows: [ResultRow]
}

extension RunData {
  /// More lines than this cannot be told apart in a plot.
  static let mostSeries = 8

  /// The series of a sweep. Each is named after what varies between them; where there are too many, strategies are folded
  /// into the fastest at each size. Codes are not a strategy but what happens to one.
  func tableSeries(of sweep: String) -> [TableSeries] {
    let lookups = measured(in: sweep).filter { $0.isHeldAgainstBaseline && $0.tableBytes != nil }
    let placement = [Trait.threads, .tokens, .hidden, .cpus, .memory, .codes]
    let settings = placement + [.tables, .projection, .dtype, .projectionDtype, .isa, .pages, .partition]
    // The usual strategy follows the size of the tables: one at each size is no trait of a line.
    let usual = group(lookups, by: settings)
    let isOneEach = usual.allSatisfy { Set($0.rows.map(\.tableBytes)).count == $0.rows.count }
    let full = isOneEach ? usual : group(lookups, by: settings + [.strategy])
    guard full.count > Self.mostSeries else { return full }
    return group(lookups, by: placement).map { series in
      var folded = series
      folded.name += ", best of all settings"
      folded.rows = Dictionary(grouping: series.rows) { $0.tableBytes ?? 0 }.values
        .compactMap { $0.max { ($0.tokensPerSecond ?? 0) < ($1.tokensPerSecond ?? 0) } }
        .sorted { ($0.tableBytes ?? 0) < ($1.tableBytes ?? 0) }
      return folded
    }
  }

  private func group(_ rows: [ResultRow], by traits: [Trait]) -> [TableSeries] {
    let rowsVary = Set(rows.map(\.tableRows)).count > 1
    // The number of tables is the axis itself where the rows of a table stay the same.
    let varying = traits.filter { trait in
      (trait != .tables || rowsVary) && Set(rows.map(trait.text)).count > 1
    }
    var keys: [[String]] = []
    for row in rows {
      let key = varying.map { $0.text(row) }
      if !keys.contains(key) { keys.append(key) }
    }
    return keys.compactMap { key in
      let members = rows.filter { row in varying.map { $0.text(row) } == key }
        .sorted { ($0.tableBytes ?? 0) < ($1.tableBytes ?? 0) }
      guard let first = members.first else { return nil }
      // Threads are always worth naming.
      let named = varying.contains(.threads) ? key : [Trait.threads.text(first)] + key
      return TableSeries(
        name: named.joined(separator: ", "), threads: first.threads, tokens: first.tokens, hidden: first.hidden,
        rows: members)
    }
  }
}

/// Something that two lookup results may differ in besides the table's size.
private enum Trait: CaseIterable {
  case threads, partition, tokens, hidden, cpus, memory, tables, projection, dtype, projectionDtype, codes, isa, pages,
    strategy

  func text(_ row: ResultRow) -> String {
    switch self {
    case .threads: return counted(row.threads, "thread")
    case .tokens: return counted(row.tokens, "token")
    case .hidden: return "d=\(row.hidden)"
    case .cpus: return row.cpus
    case .memory: return row.memoryPolicy
    case .tables: return "T=\(row.tables ?? 0)"
    case .projection: return row.projection.map { "\($0.rawValue) hash" } ?? ""
    case .dtype: return row.dtype.rawValue
    case .projectionDtype: return row.projectionDtype.map { "\($0.rawValue) projection" } ?? ""
    case .codes: return row.codes?.rawValue ?? ""
    case .isa: return row.isa ?? ""
    case .pages: return row.pageKind?.rawValue ?? ""
    // One line for points whose strategy was chosen at each size.
    case .strategy: return row.tuned == true ? "auto" : row.strategyText
    case .partition: return row.partition.map { "by \($0.rawValue)" } ?? ""
    }
  }
}

extension ResultRow {
  /// `auto sliced/4096/128x8/p2/g-off by tables`: whether it was chosen by measuring, the walk, and what threads divide if
  /// not tokens.
  var strategyText: String {
    [tuned == true ? "auto" : nil, strategy?.label ?? order?.rawValue, partition == .tables ? "by tables" : nil]
      .compactMap { $0 }.joined(separator: " ")
  }
}
