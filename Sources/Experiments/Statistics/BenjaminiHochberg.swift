/// The adjusted p-values of the step-up procedure of Benjamini and Hochberg (1995), in the order given. Of all
/// hypotheses whose adjusted value is at most q, an expected share of at most q is rejected wrongly.
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
