import Foundation
import GRDB
import Kernels
import Support

/// An invalid value in a database.
struct StoredValueError: Error {
  var table: String
  var column: String
  /// The expected and the found value.
  var message: String
}

/// The rules for the values of each column, checked whenever a database is opened, so that readers need not expect
/// infinities, negative counts, or text in place of a number.
enum StoredValues {
  /// The values that a column may hold besides NULL.
  enum Rule {
    /// A whole number of things, or a place in an order, from 0 or from 1.
    case count, positiveCount
    /// Bytes or clock nanoseconds: a whole number from 0.
    case wide
    /// A raw counter value: any whole number from 0.
    case raw
    case flag
    /// A time, a rate or a ratio that is used as a divisor.
    case positive
    /// A time, a rate or a ratio that may be 0.
    case notNegative
    /// An error, which may be arbitrarily small.
    case error
    /// A value whose meaning depends on its row.
    case number
    case text

    /// The SQL condition for a column, given its quoted name.
    func condition(_ name: String) -> String {
      let number = "typeof(\(name)) IN ('integer', 'real')"
      func whole(_ low: Int, _ high: Int) -> String {
        "typeof(\(name)) = 'integer' AND \(name) BETWEEN \(low) AND \(high)"
      }
      switch self {
      case .count: return whole(0, StoredValues.mostCount)
      case .positiveCount: return whole(1, StoredValues.mostCount)
      case .wide: return whole(0, StoredValues.mostWide)
      case .raw: return whole(0, .max)
      case .flag: return whole(0, 1)
      case .positive: return "\(number) AND \(name) BETWEEN \(StoredValues.least) AND \(StoredValues.most)"
      case .notNegative:
        return "\(number) AND (\(name) = 0 OR \(name) BETWEEN \(StoredValues.least) AND \(StoredValues.most))"
      case .error: return "\(number) AND \(name) BETWEEN 0 AND 1e300"
      case .number:
        return "\(number) AND (\(name) = 0 OR abs(\(name)) BETWEEN \(StoredValues.least) AND \(StoredValues.most))"
      case .text: return "typeof(\(name)) = 'text'"
      }
    }

    var expected: String {
      switch self {
      case .count: "a whole number from 0 to \(StoredValues.mostCount)"
      case .positiveCount: "a whole number from 1 to \(StoredValues.mostCount)"
      case .wide: "a whole number from 0 to \(StoredValues.mostWide)"
      case .raw: "a whole number of at least 0"
      case .flag: "0 or 1"
      case .positive: "a number above 0 (\(StoredValues.least) to \(StoredValues.most))"
      case .notNegative: "0 or a number above it (\(StoredValues.least) to \(StoredValues.most))"
      case .error: "a number of at least 0"
      case .number: "a number (up to \(StoredValues.most))"
      case .text: "text"
      }
    }
  }

  /// About 10^12: beyond any sweep, while products of two still are exact enough as a `Double`.
  private static let mostCount = 1 << 40
  /// An exbibyte, or 36 years.
  private static let mostWide = 1 << 60
  /// Above any time in ns, rate or number of operations, yet small enough for products and quotients to stay finite.
  private static let most = "1e18"
  private static let least = "1e-30"

  struct Column {
    var name: String
    var rule: Rule
    /// Whether NULL, which means missing, is refused too.
    var isRequired: Bool
  }

  /// Columns with the same meaning in every table.
  private static let common: [String: (Rule, isRequired: Bool)] = ["run_id": (.text, true), "point_id": (.text, true)]

  /// Columns that every row fills.
  private static let required: [String: [String: Rule]] = [
    "results": [
      "tokens": .positiveCount, "hidden": .positiveCount, "output": .positiveCount, "threads": .positiveCount,
    ],
    "samples": [
      "launch": .count, "sample": .count, "order_index": .count, "start_ns": .wide, "wall_ns": .positive,
      "outlier": .flag,
    ],
    "counters": ["launch": .count],
    "metrics": ["launch": .count],
    "projections": [
      "tokens_per_s": .positive, "low_tokens_per_s": .positive, "high_tokens_per_s": .positive,
      "traffic": .text,
    ],
    "sensitivities": ["minus_tenth_tokens_per_s": .positive, "plus_tenth_tokens_per_s": .positive],
    "ceilings": ["threads": .positiveCount, "value": .positive],
    "audit": ["chosen": .flag],
    "tuning": [
      "rank": .positiveCount, "considered": .count, "working_set_bytes": .notNegative,
      "modelled_ns_per_token": .notNegative, "rounds": .count, "chosen": .flag,
      "cached": .flag,
    ],
    "stage_times": ["measured_ns_per_token": .notNegative],
    "attempts": ["launch": .count, "attempt": .count, "position": .count, "start_ns": .wide],
    "sentinel": ["order_index": .count, "start_ns": .wide, "value": .positive, "n": .positiveCount],
  ]

  /// Columns that may be empty.
  private static let optional: [String: [String: Rule]] = [
    "results": [
      "code_entropy_bits": .notNegative, "n": .positiveCount,
      "median_ns": .positive, "ci95_low_ns": .positive, "ci95_high_ns": .positive, "min_ns": .positive,
      "iqr_ns": .notNegative, "outliers": .count, "launches": .positiveCount, "between_launch_sd_ns": .notNegative,
      "within_launch_sd_ns": .notNegative, "tokens_per_s": .positive, "ns_per_token": .positive,
      "gflop_per_s": .notNegative, "flop_per_token": .notNegative, "algorithmic_bytes_per_token": .notNegative,
      "algorithmic_gb_per_s": .notNegative, "fraction_of_fma_peak": .notNegative, "max_abs_error": .error,
      "code_mismatches": .count,
    ],
    "counters": [
      "thread": .count, "socket": .count, "raw": .raw, "enabled_ns": .wide, "running_ns": .wide, "value": .notNegative,
    ],
    "metrics": ["socket": .count, "value": .number],
    "projections": [
      "measured_tokens_per_s": .positive, "compute_ns": .notNegative, "l1_ns": .notNegative, "l2_ns": .notNegative,
      "l3_ns": .notNegative, "memory_ns": .notNegative, "latency_ns": .notNegative, "socket_cores": .positiveCount,
      "socket_tokens_per_s": .positive, "socket_low_tokens_per_s": .positive, "socket_high_tokens_per_s": .positive,
      "l2_lines_per_token": .notNegative, "l3_lines_per_token": .notNegative, "memory_lines_per_token": .notNegative,
    ],
    "stages": [
      "flop_per_token": .notNegative, "algorithmic_bytes_per_token": .notNegative,
      "table_bytes_per_token": .notNegative,
      "modelled_l2_lines_per_token": .notNegative, "modelled_l3_lines_per_token": .notNegative,
      "modelled_memory_lines_per_token": .notNegative, "modelled_ns_per_token": .notNegative,
      "measured_ns_per_token": .notNegative, "fastest_ns_per_token": .notNegative,
    ],
    "stage_times": ["fastest_ns_per_token": .notNegative],
    "ceilings": [
      "working_set_bytes": .wide, "ci95_low": .positive, "ci95_high": .positive, "n": .positiveCount,
    ],
    "audit": [
      "m": .positiveCount, "n": .positiveCount, "k": .positiveCount, "samples": .positiveCount, "median_ns": .positive,
      "gflop_per_s": .notNegative, "fraction_of_fma_peak": .notNegative,
    ],
    "tuning": ["measured_ns_per_token": .positive],
    "notes": ["launch": .count],
    "attempts": [
      "first_order_index": .count, "samples": .count, "wall_s": .notNegative, "overhead_s": .notNegative,
    ],
  ]

  /// Columns that networks define, which only rows of that network fill.
  private static let ofNetworks: [String: [String: Rule]] = [
    ResultRow.table: rules(Networks.columns), TuningRow.table: rules(Networks.strategyColumns),
  ]

  private static func rules(_ columns: [ResultColumn]) -> [String: Rule] {
    Dictionary(columns.map { ($0.name, Rule($0.content)) }, uniquingKeysWith: { first, _ in first })
  }

  /// The columns of a table with their rules; unnamed ones hold text.
  static func columns(of type: any RunRow.Type) -> [Column] {
    type.columns.map { name in
      if let (rule, isRequired) = common[name] { return Column(name: name, rule: rule, isRequired: isRequired) }
      if let rule = ofNetworks[type.table]?[name] { return Column(name: name, rule: rule, isRequired: false) }
      if let rule = required[type.table]?[name] { return Column(name: name, rule: rule, isRequired: true) }
      return Column(name: name, rule: optional[type.table]?[name] ?? .text, isRequired: false)
    }
  }

  /// Throws where results and points contradict each other: a point has at most one result, a result has a point, and
  /// a point that is done has a result or a projection.
  static func checkPoints(in db: Database) throws {
    let rules = [
      (
        "SELECT point_id FROM results GROUP BY point_id HAVING COUNT(*) > 1",
        "expected one result a point, found several"
      ),
      ("SELECT point_id FROM results WHERE point_id NOT IN (SELECT id FROM points)", "expected a point of the run"),
      (
        """
        SELECT id FROM points WHERE status = '\(PointStatus.done.rawValue)'
        AND id NOT IN (SELECT point_id FROM results UNION SELECT point_id FROM projections)
        """, "expected a result of each point that is done, found none"
      ),
    ]
    for (query, complaint) in rules {
      guard let point = try String.fetchOne(db, sql: query + " LIMIT 1") else { continue }
      throw StoredValueError(table: "results", column: "point_id", message: "\(complaint) (\(point))")
    }
  }

  /// Throws `StoredValueError` for the first value of `type`'s table that breaks its column's rule.
  static func check(_ type: any RunRow.Type, in db: Database) throws {
    for column in columns(of: type) {
      let name = "\"\(column.name)\""
      let condition = column.rule.condition(name)
      // A comparison with NULL is NULL, which is not true, so that columns that may be missing are left out by name.
      let wrong =
        column.isRequired
        ? "\(name) IS NULL OR NOT (\(condition))" : "\(name) IS NOT NULL AND NOT (\(condition))"
      guard let row = try Row.fetchOne(db, sql: "SELECT \(name) FROM \(type.table) WHERE \(wrong) LIMIT 1") else {
        continue
      }
      throw StoredValueError(
        table: type.table, column: column.name,
        message: "expected \(column.rule.expected), found \(text(row.databaseValues.first ?? .null))")
    }
  }

  /// A value in a message.
  private static func text(_ value: DatabaseValue) -> String {
    switch value.storage {
    case .null: "nothing"
    case .int64(let number): "\(number)"
    case .double(let number): "\(number)"
    case .string(let text): "'\(text.prefix(40).split(whereSeparator: \.isNewline).joined(separator: " "))'"
    case .blob: "bytes"
    }
  }
}

extension RunRow {
  /// Rows of the table, in the order they were stored or by a column. Throws `StoredValueError` for a value that its
  /// column cannot hold.
  static func all(
    _ db: Database, where condition: String = "1", _ arguments: StatementArguments = [],
    orderedBy order: String = "rowid"
  ) throws -> [Self] {
    let cursor = try Row.fetchCursor(
      db, sql: "SELECT * FROM \(table) WHERE \(condition) ORDER BY \(order)", arguments: arguments)
    var rows: [Self] = []
    while let row = try cursor.next() {
      do { rows.append(try Self(row: row)) } catch let error as DatabaseError {
        throw error
      } catch {
        throw StoredValueError(table: table, column: column(of: error), message: "expected a value that a run stores")
      }
    }
    return rows
  }

  /// The column that a decoding error names.
  private static func column(of error: any Error) -> String {
    if let error = error as? DecodingError {
      switch error {
      case .dataCorrupted(let context), .typeMismatch(_, let context), .valueNotFound(_, let context),
        .keyNotFound(_, let context):
        if let key = context.codingPath.last?.stringValue { return key }
      @unknown default: break
      }
    }
    // GRDB's own errors name the column only in their text.
    return "\(error)".firstMatch(of: #/column(?: not found)?: "([^"]+)"/#).map { String($0.1) } ?? "a column"
  }
}
