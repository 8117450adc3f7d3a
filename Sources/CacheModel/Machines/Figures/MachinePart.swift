import Support

/// A mapping of the machine file, described by its fields.
protocol MachinePart: Sendable {
  /// The fields in the order in which they are written.
  static var fields: [Field<Self>] { get }
}

extension MachinePart {
  /// `key: value` for each key that the part has.
  var yamlEntries: [String] {
    Self.fields.compactMap { field in
      field.yaml(self).map { $0.hasPrefix("\n") ? "\(field.key):\($0)" : "\(field.key): \($0)" }
    }
  }

  /// The part as a JSON object with the keys of the file. Sizes are in bytes, and absent values are left out.
  func encodeFields(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: FieldKey.self)
    for field in Self.fields {
      guard let value = field.json(self) else { continue }
      try object.encode(value, forKey: FieldKey(stringValue: field.key))
    }
  }
}

private struct FieldKey: CodingKey {
  var stringValue: String
  var intValue: Int? { nil }

  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

// MARK: - Parts of a machine

extension Field where Part == Machine {
  /// An optional part of a machine. `empty` is the part before reading; `yaml` joins its entries.
  static func section<Section: MachinePart & Encodable>(
    _ key: String, _ path: PartPath<Machine, Section?>, empty: Section,
    change: @escaping @Sendable (inout Machine, (inout Section) -> Void) -> Void,
    yaml: @escaping @Sendable ([String]) -> String
  ) -> Field {
    var field = Field(
      key: key,
      read: { value, machine, reader in
        var section = empty
        try reader.read(value, into: &section)
        machine[keyPath: path] = section
      },
      yaml: { $0[keyPath: path].map { yaml($0.yamlEntries) } },
      json: { part in part[keyPath: path].map { $0 as any Encodable & Sendable } })
    field.isStated = { $0[keyPath: path] != nil }
    field.places = { _ in
      Section.fields.compactMap { field in
        PlacedFigure(
          field, path: "\(key).\(field.key)", level: 0, part: { $0[keyPath: path] }, change: change)
      }
    }
    return field
  }

  /// A list of parts, such as the cache levels. JSON contains it even where it is empty.
  static func sections<Section: MachinePart & Encodable>(
    _ key: String, _ path: PartPath<Machine, [Section]>,
    change: @escaping @Sendable (_ machine: inout Machine, _ level: Int, _ change: (inout Section) -> Void) -> Void,
    read: @escaping @Sendable (YAMLValue, inout Machine, MachineReader) throws -> Void
  ) -> Field {
    var field = Field(
      key: key, read: read,
      yaml: { $0[keyPath: path].isEmpty ? nil : yamlBlock($0[keyPath: path].flatMap { yamlItem($0.yamlEntries) }) },
      json: { $0[keyPath: path] })
    field.isStated = { !$0[keyPath: path].isEmpty }
    field.places = { machine in
      machine[keyPath: path].indices.flatMap { level in
        Section.fields.compactMap { field in
          PlacedFigure(
            field, path: "\(key)[\(level)].\(field.key)", level: level,
            part: { level < $0[keyPath: path].count ? $0[keyPath: path][level] : nil },
            change: { machine, body in change(&machine, level, body) })
        }
      }
    }
    return field
  }
}
