import Support

extension Machine {
  /// The rows of the table of figures in docs/reference/model.md.
  static var figureTable: [String] {
    let machine = Machine(
      name: "", simd: VectorUnits(isa: "", widthBits: 0, fmaUnits: 0),
      caches: [CacheDescription(name: "", sizeBytes: 0, ways: 0)],
      memory: [
        MemoryDescription(name: "", peakGigabytesPerSecond: 0, idleLatencyNanoseconds: 0, linesInFlightPerCore: 0)
      ], numa: NUMADescription(nodes: 1))
    return machine.figures.map { figure in
      let cells = [
        "`\(figure.path.replacing("[0]", with: "[]"))`", figure.unit.rawValue,
        (figure.assumed.map { "\(figure.meaning) (default \(yamlNumber($0.expected)))" }) ?? figure.meaning,
        figure.checkedText, figure.roleText,
      ]
      return "| \(cells.joined(separator: " | ")) |"
    }
  }
}

extension PlacedFigure {
  /// The values that a machine file may have.
  fileprivate var checkedText: String {
    var rules: [String] = []
    if let range, unit != .bytes { rules.append("\(grouped(range.lowerBound)) to \(grouped(range.upperBound))") }
    if step > 1 { rules.append("multiple of \(yamlNumber(step))") }
    if let rule { rules.append(rule) }
    return rules.joined(separator: "; ")
  }

  /// With a comma between thousands, from five digits on.
  private func grouped(_ number: Double) -> String {
    let digits = Array(yamlNumber(number))
    guard number == number.rounded(), digits.count > 4 else { return String(digits) }
    return digits.enumerated().map { index, digit in
      index > 0 && (digits.count - index) % 3 == 0 ? ",\(digit)" : "\(digit)"
    }.joined()
  }

  /// Whether a larger value makes a projection faster or slower, and why the figure is not moved where it is not.
  fileprivate var roleText: String {
    switch role {
    case .rate: whyNotInBand.map { "rate, not in bands: \($0)" } ?? "rate"
    case .delay: whyNotInBand.map { "delay, not in bands: \($0)" } ?? "delay"
    case .curve: "rates and delays"
    case .fixed(let reason): "not moved: \(reason)"
    }
  }
}
