import Support

typealias PartPath<Part, Value> = WritableKeyPath<Part, Value> & Sendable

// MARK: - Kinds of values

extension Field {
  /// A number of `unit`s within `range`; a whole one for an `Int`. With a `step`, a multiple of it.
  static func number<Value: FigureNumber>(
    _ key: String, _ path: PartPath<Part, Value>, in range: ClosedRange<Double>, step: Double = 0, _ unit: FigureUnit,
    _ role: FigureRole, _ meaning: String
  ) -> Field {
    var figure = Figure<Part>(unit: unit, role: role, meaning: meaning, range: range)
    figure.step = max(step, Value.isWhole ? 1 : 0)
    figure.setNumber(path)
    return Field(
      key: key,
      read: { value, part, _ in
        let number = try Value.read(value, in: range)
        if step > 0, let found = number.figure, found.remainder(dividingBy: step) != 0 {
          throw value.error("expected a multiple of \(yamlNumber(step)) \(unit.rawValue), found \(yamlNumber(found))")
        }
        part[keyPath: path] = number
      },
      yaml: { $0[keyPath: path].figure.map(yamlNumber) }, json: { $0[keyPath: path].json }, figure: figure)
  }

  /// A size in bytes. The part checks it once all of its sizes are known.
  static func bytes(
    _ key: String, _ path: PartPath<Part, Int>, in range: ClosedRange<Double>, isWrittenPlain: Bool = false,
    _ role: FigureRole, _ meaning: String
  ) -> Field {
    var figure = Figure<Part>(unit: .bytes, role: role, meaning: meaning, range: range, step: 1)
    figure.setNumber(path)
    return Field(
      key: key, read: { value, part, _ in part[keyPath: path] = try value.byteCount() },
      yaml: { isWrittenPlain ? "\($0[keyPath: path])" : exactByteCount($0[keyPath: path]) },
      json: { $0[keyPath: path] }, figure: figure)
  }

  /// A word of an enumeration. The documentation lists the words.
  static func choice<Value>(_ key: String, _ path: PartPath<Part, Value>, _ meaning: String) -> Field
  where Value: RawRepresentable<String> & CaseIterable & Encodable & Sendable {
    Field(
      key: key, read: { value, part, _ in part[keyPath: path] = try value.choice() },
      yaml: { $0[keyPath: path].rawValue }, json: { $0[keyPath: path] },
      figure: Figure(
        unit: .word, role: .fixed("no number"),
        meaning: "\(meaning): \(Value.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "))"))
  }

  static func flag(_ key: String, _ path: PartPath<Part, Bool?>, _ meaning: String) -> Field {
    Field(
      key: key, read: { value, part, _ in part[keyPath: path] = try value.bool() },
      yaml: { $0[keyPath: path].map { "\($0)" } },
      json: { part in part[keyPath: path].map { $0 as any Encodable & Sendable } },
      figure: Figure(unit: .flag, role: .fixed("no number"), meaning: meaning))
  }

  /// Rates of random rows by rising size. Each pair is written [bytes, rate]; an empty list is left out.
  static func rows(
    _ key: String, _ path: PartPath<Part, [RandomRowRate]>, _ unit: FigureUnit, _ meaning: String
  ) -> Field {
    var figure = Figure<Part>(unit: unit, role: .rate, meaning: meaning)
    figure.rule = "rising sizes, rates that do not fall"
    figure.move = { part, factors in part[keyPath: path].scale(by: factors.rate) }
    figure.scale = figure.move
    return Field(
      key: key, read: { value, part, _ in part[keyPath: path] = try readRandomRows(value) },
      yaml: { yamlPairs($0[keyPath: path]) }, json: { $0[keyPath: path] }, figure: figure)
  }

  /// A name of one line.
  static func name(_ key: String, _ path: PartPath<Part, String>) -> Field {
    Field(
      key: key, read: { value, part, _ in part[keyPath: path] = try value.name() },
      yaml: { quoted($0[keyPath: path]) }, json: { $0[keyPath: path] })
  }
}

extension Figure {
  /// The closures of a number that is stored at `path`.
  fileprivate mutating func setNumber<Value: FigureNumber>(_ path: PartPath<Part, Value>) {
    let isDelay = role == .delay
    value = { $0[keyPath: path].figure }
    set = { $0[keyPath: path] = Value(figure: $1) }
    move = { part, factors in part[keyPath: path].multiply(by: isDelay ? factors.delay : factors.rate) }
    scale = move
    replace = set
  }
}

// MARK: - What else may be said of a field

extension Field {
  var required: Field { with { $0.isRequired = true } }
  var neededToProject: Field { with { $0.isNeededToProject = true } }

  /// The value that a projection assumes where the machine states none, with the uncertainty of the tag `assumed`.
  func assumed(_ expected: Double) -> Field {
    let uncertainty = Provenance.Tag.assumed.relativeUncertainty
    let (less, more) = (expected * (1 - uncertainty), expected * (1 + uncertainty))
    let isDelay = figure?.role == .delay
    return assumed(AssumedFigure(slow: isDelay ? more : less, expected: expected, fast: isDelay ? less : more))
  }

  func assumed(_ value: AssumedFigure) -> Field { with { $0.figure?.assumed = value } }

  /// A quantity that stays at most `limit`, whatever moves it.
  func atMost(_ limit: Double) -> Field {
    guard let figure else { return self }
    func limited(_ move: @escaping Figure<Part>.Move) -> Figure<Part>.Move {
      { part, factors in
        move(&part, factors)
        if let value = figure.value(part), value > limit { figure.set(&part, limit) }
      }
    }
    return with {
      $0.figure?.move = limited(figure.move)
      $0.figure?.scale = limited(figure.scale)
    }
  }

  func fixedInBand(_ reason: String) -> Field { with { $0.figure?.fixedInBand = reason } }
  func sensitivity(_ sensitivity: FigureSensitivity) -> Field { with { $0.figure?.sensitivity = sensitivity } }
  func rule(_ rule: String) -> Field { with { $0.figure?.rule = rule } }

  /// The equations use the figure at the levels from `first` to `last` of a list only.
  func used(fromLevel first: Int = 0, to last: Int = .max) -> Field { with { $0.figure?.levelsUsed = (first, last) } }

  func reading(_ read: @escaping @Sendable (YAMLValue, inout Part, MachineReader) throws -> Void) -> Field {
    with { $0.read = read }
  }
  func moving(_ move: @escaping Figure<Part>.Move) -> Field {
    with { $0.figure?.move = move }
  }
  func scaling(_ scale: @escaping Figure<Part>.Move) -> Field {
    with { $0.figure?.scale = scale }
  }
  func replacing(_ replace: @escaping @Sendable (inout Part, Double) -> Void) -> Field {
    with { $0.figure?.replace = replace }
  }

  private func with(_ change: (inout Field) -> Void) -> Field {
    var field = self
    change(&field)
    return field
  }
}

/// Pairs [row bytes, rate], rising in both: a longer row never reads slower.
private func readRandomRows(_ value: YAMLValue) throws -> [RandomRowRate] {
  let rows = try value.list().map { value in
    let pair = try value.list()
    guard pair.count == 2 else { throw value.error("expected a pair [bytes, rate], found \(pair.count) values") }
    return RandomRowRate(rowBytes: try pair[0].int(in: 1...1 << 30), rate: try pair[1].double(in: 0.001...1_000_000))
  }
  for (row, next) in zip(rows, rows.dropFirst()) where row.rowBytes >= next.rowBytes || row.rate > next.rate {
    throw value.error(
      "expected rising row sizes and rates that do not fall, found [\(row.rowBytes), \(row.rate)] before "
        + "[\(next.rowBytes), \(next.rate)]")
  }
  return rows
}
