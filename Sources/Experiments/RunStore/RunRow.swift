import GRDB

/// A row of a run. Its type is the single source of its table in results.sqlite and of its CSV file: columns are
/// named by the coding keys, in their order, with units in the names; nil is NULL in the table and an empty cell in
/// the file.
public protocol RunRow: Codable, FetchableRecord, PersistableRecord {
  associatedtype CodingKeys: CodingKey, CaseIterable, RawRepresentable<String>

  /// Name of the table that is read, and of the CSV file without its extension.
  static var table: String { get }

  /// Name of the table that rows are written to, where `table` is a view that joins it with measurements.
  static var storage: String { get }

  /// Names of the columns, in their order.
  static var columns: [String] { get }
}

extension RunRow {
  public static var storage: String { table }

  public static var databaseTableName: String { storage }

  public static var columns: [String] { CodingKeys.allCases.map(\.rawValue) }
}
