extension Point {
  /// Whether the point runs on the activations that its layer file stores.
  package var usesStoredInput: Bool { layer != nil && (codes == .recorded || kernel == .dense) }

  /// Why a layer file with `stored` tokens of activations is not enough; nil where it is.
  package func tokenShortage(stored: Int) -> String? {
    guard let layer, usesStoredInput, tokens > stored else { return nil }
    return "\(layer) holds \(stored) tokens, the point asks for \(tokens)"
  }
}
