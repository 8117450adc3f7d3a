import Kernels
import Plans
import Profiler

/// The case that a tuning is valid for: the machine, the pass, and where its threads and pages lie.
struct TuningKey {
  /// One line of text, equal for equal cases.
  let text: String

  init(_ point: Point, _ pass: Pass, fingerprint: MachineFingerprint) {
    let open = Set(point.network.strategyParameters)
    let parts =
      [fingerprint.text]
      + Parameter.all.compactMap { parameter -> String? in
        // The choice does not depend on the weights. The layer matters only where its activations choose rows.
        if [.seed, .variant, .isa].contains(parameter) || open.contains(parameter) { return nil }
        if parameter == .layer, !point.usesStoredInput { return nil }
        return point.value(of: parameter).map { "\(parameter.name)=\($0.text)" }
      } + ["isa=\(pass.isa.rawValue)"]
    text = parts.joined(separator: " ")
  }

  /// 16 hexadecimal digits.
  var digest: String { hexadecimal(fnv1a64(text)) }
}
