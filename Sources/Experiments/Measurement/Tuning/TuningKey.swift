import Kernels
import Plans
import Profiler

/// What a tuning holds for: the machine, the pass, and where its threads and pages lie.
struct TuningKey {
  /// One line of text, the same for the same case on every run.
  let text: String

  init(_ point: Point, _ pass: Pass, fingerprint: MachineFingerprint) {
    let open = Set(point.network.strategyParameters)
    let parts =
      [fingerprint.text]
      + Parameter.all.compactMap { parameter -> String? in
        // A choice holds whatever the weights and whoever asks; what the layer holds matters where its activations choose rows.
        if [.seed, .variant, .isa].contains(parameter) || open.contains(parameter) { return nil }
        if parameter == .layer, !point.usesStoredInput { return nil }
        return point.value(of: parameter).map { "\(parameter.name)=\($0.text)" }
      } + ["isa=\(pass.isa.rawValue)"]
    text = parts.joined(separator: " ")
  }

  /// 16 hexadecimal digits.
  var digest: String { hexadecimal(fnv1a64(text)) }
}
