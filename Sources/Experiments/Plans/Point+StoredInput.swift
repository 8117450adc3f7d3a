import Kernels

extension Point {
  /// Whether the point runs on the activations that its layer file stores.
  package var usesStoredInput: Bool { network.usesStoredInput && layer != nil }

  /// The reason why a layer file with `stored` tokens of activations does not suffice; nil where it does.
  package func tokenShortage(stored: Int) -> String? {
    guard let layer, usesStoredInput, tokens > stored else { return nil }
    return "\(layer) holds \(stored) tokens, the point asks for \(tokens)"
  }
}
