import Kernels
import Plans
import Profiler
import RunStore
import Studies

/// Look-up results that differ only in table size, in ascending order: a line of a plot.
struct TableSeries {
  var name: String
  var threads: Int
  var tokens: Int
  var hidden: Int
  var rows: [ResultRow]
}

extension RunData {
  /// The most lines that can be told apart in a plot.
  static let mostSeries = 8

  /// The series of a sweep, each named after the parameters that vary between them. Where there are too many,
  /// strategies are folded into the fastest at each size; the distribution of codes is not part of a strategy.
  func tableSeries(of sweep: String) -> [TableSeries] {
    let lookups = measured(in: sweep).filter { $0.needsBaseline && $0.tableBytes != nil }
    let codes = Networks.columns.filter { $0.name == Parameter.codes.name }.compactMap(Trait.init)
    let placement = [.threads, .tokens, .hidden, .cpus, .memory] + codes
    let own = Networks.columns.compactMap(Trait.init).filter { !codes.contains($0) }
    let settings = placement + (own + [.dtype, .isa, .pages]).sorted { $0.rank < $1.rank }
    // The default strategy depends on the size of the tables. Where each size has one strategy, the names leave it
    // out.
    let byDefault = group(lookups, by: settings)
    let isOneEach = byDefault.allSatisfy { Set($0.rows.map(\.tableBytes)).count == $0.rows.count }
    let full = isOneEach ? byDefault : group(lookups, by: settings + [.strategy])
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
    let rowsVary = Set(rows.map { $0.int(Parameter.tableRows.name) }).count > 1
    // The number of tables follows from the axis where the rows of a table stay the same.
    let varying = traits.filter { trait in
      (trait.name != Parameter.tables.name || rowsVary) && Set(rows.map(trait.text)).count > 1
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
      // Threads are always part of the name.
      let named = varying.contains(Trait.threads) ? key : [Trait.threads.text(first)] + key
      return TableSeries(
        name: named.joined(separator: ", "), threads: first.threads, tokens: first.tokens, hidden: first.hidden,
        rows: members)
    }
  }
}

/// A parameter other than the table's size in which two look-up results may differ.
private struct Trait: Equatable, Sendable {
  var name: String
  var text: @Sendable (ResultRow) -> String

  /// The place among the parts of a line's name.
  var rank: Int {
    let order = ["tables", "projection", "dtype", "projection_dtype", "isa", "pages", "partition"]
    return order.firstIndex(of: name) ?? order.count
  }

  static func == (a: Trait, b: Trait) -> Bool { a.name == b.name }

  static let threads = Trait(name: "threads") { counted($0.threads, "thread") }
  static let tokens = Trait(name: "tokens") { counted($0.tokens, "token") }
  static let hidden = Trait(name: "hidden") { "d=\($0.hidden)" }
  static let cpus = Trait(name: "cpus") { $0.cpus }
  static let memory = Trait(name: "memory") { $0.memoryPolicy }
  static let dtype = Trait(name: "dtype") { $0.dtype.rawValue }
  static let isa = Trait(name: "isa") { $0.isa ?? "" }
  static let pages = Trait(name: "pages") { $0.pageKind?.rawValue ?? "" }
  /// One line for all points whose strategy was chosen at each size.
  static let strategy = Trait(name: "strategy") { $0.int("tuned") == 1 ? "auto" : $0.strategyText ?? "" }

  init(name: String, text: @escaping @Sendable (ResultRow) -> String) {
    self.name = name
    self.text = text
  }

  /// Nil for a column of a network that does not distinguish lines.
  init?(_ column: ResultColumn) {
    guard let legend = column.legend else { return nil }
    self.init(name: column.name) { $0.text(column.name).map(legend) ?? "" }
  }
}

extension ResultRow {
  /// The strategy, such as `auto sliced/4096/128x8/p2/g-off by tables`; nil for networks that have only one.
  var strategyText: String? { self.kernel.network.strategyText(networkFigures) }
}
