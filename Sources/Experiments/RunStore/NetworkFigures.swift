import Kernels

/// The part of a row's columns that the networks define themselves, by column.
public struct NetworkFigures: Equatable, Sendable {
  private var values: [String: ParameterValue]

  init(_ values: [String: ParameterValue] = [:]) {
    self.values = values
  }

  public subscript(column: String) -> ParameterValue? {
    get { values[column] }
    set { values[column] = newValue }
  }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Reads the values of `columns` that are not empty.
  init(_ columns: [ResultColumn], from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    values = [:]
    for column in columns {
      let key = Key(stringValue: column.name)
      switch column.content {
      case .text:
        guard let text = try container.decodeIfPresent(String.self, forKey: key) else { continue }
        guard column.admits(text) else {
          throw DecodingError.dataCorruptedError(
            forKey: key, in: container, debugDescription: "expected a value of \(column.name)")
        }
        values[column.name] = .text(text)
      case .flag: values[column.name] = try container.decodeIfPresent(Bool.self, forKey: key).map { .int($0 ? 1 : 0) }
      case .count, .positiveCount, .bytes:
        values[column.name] = try container.decodeIfPresent(Int.self, forKey: key).map { .int($0) }
      }
    }
  }

  func encode(_ columns: [ResultColumn], to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    for column in columns {
      let key = Key(stringValue: column.name)
      switch (values[column.name], column.content) {
      case (.int(let number)?, .flag): try container.encode(number != 0, forKey: key)
      case (.int(let number)?, _): try container.encode(number, forKey: key)
      case (.text(let text)?, _): try container.encode(text, forKey: key)
      case (nil, _): break
      }
    }
  }
}

extension StoredValues.Rule {
  init(_ content: ResultColumn.Content) {
    switch content {
    case .count: self = .count
    case .positiveCount: self = .positiveCount
    case .bytes: self = .wide
    case .flag: self = .flag
    case .text: self = .text
    }
  }
}
