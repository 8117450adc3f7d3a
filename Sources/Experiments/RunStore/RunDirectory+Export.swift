import Foundation
import Support

extension RunDirectory {
  /// Names of the tables of a run.
  public var tables: [String] { RunStore.rowTypes.map { $0.table } }

  /// A table as CSV.
  public func csv(_ table: String) throws -> String { try store.csv(rowType(table)) }

  /// A table as JSON Lines: one object a row with all columns in their order, null for missing values.
  public func jsonLines(_ table: String) throws -> String {
    try lines(rowType(table))
  }

  private func rowType(_ table: String) throws -> any RunRow.Type {
    guard let type = RunStore.rowTypes.first(where: { $0.table == table }) else {
      throw InputError(file: path, key: table, "expected one of \(tables.joined(separator: ", "))")
    }
    return type
  }

  private func lines<Rows: RunRow>(_: Rows.Type) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return try store.rows(Rows.self).map { row in
      let fields = try JSONSerialization.jsonObject(with: encoder.encode(row)) as? [String: Any] ?? [:]
      let cells = try Rows.columns.map { column in
        let value = try JSONSerialization.data(
          withJSONObject: fields[column] ?? NSNull(), options: [.fragmentsAllowed, .withoutEscapingSlashes])
        return "\"\(column)\":\(String(decoding: value, as: UTF8.self))"
      }
      return "{" + cells.joined(separator: ",") + "}\n"
    }.joined()
  }
}
