/// The p-values that the step-up procedure of Benjamini and Hochberg (1995) compares with the level: of all hypotheses whose
/// adjusted value is at most q, at most a share q is rejected wrongly in expectation. In the order given.
public func benjaminiHochberg(_ pValues: [Double]) -> [Double] {
  let order = pValues.indices.sorted { pValues[$0] < pValues[$1] }
  var adjusted = pValues
  var least = 1.0
  for (place, index) in order.enumerated().reversed() {
    least = min(least, pValues[index] * Double(pValues.count) / Double(place + 1))
    adjusted[index] = least
  }
  return adjusted
}
