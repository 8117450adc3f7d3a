import Profiler
import RunStore

/// The conditions that must be equal for two points to be compared: the machine, its settings, and the code that ran.
///
/// Load, free memory and measured frequency are not among them: they vary by themselves, and their effect is noise.
enum Conditions {
  /// Facts of the machine; `kernel` is the operating system's kernel.
  static let facts = [
    "cpu_vendor", "cpu_family", "cpu_model_number", FactName.cpuModel, "cpu_stepping", "microcode", "hypervisor",
    "governor",
    "boost", "smt", "thp_enabled", "numa_balancing", "kernel", "build_configuration",
  ]

  /// Names of the conditions that a user can accept as different.
  static let names = facts + ["kernel_version", "isa", "blas", "page_kind", "layer_content"]

  /// `name: A -> B` for each condition in which the two differ.
  static func differences(
    _ a: ComparisonSide, _ b: ComparisonSide, _ first: ResultRow, _ second: ResultRow
  ) -> [(name: String, text: String)] {
    var values: [(name: String, a: String?, b: String?)] = facts.map { ($0, a.facts[$0], b.facts[$0]) }
    values.append(("kernel_version", first.kernelVersion, second.kernelVersion))
    values.append(("isa", first.isa, second.isa))
    values.append(("blas", first.blas, second.blas))
    values.append(("page_kind", first.pageKind?.rawValue, second.pageKind?.rawValue))
    // A missing hash is no difference, since runs of older versions stored none.
    if let one = first.layer.flatMap({ a.layers[$0] }), let other = second.layer.flatMap({ b.layers[$0] }) {
      values.append(("layer_content", one, other))
    }
    return values.filter { $0.a != $0.b }.map { value in
      (value.name, "\(value.name): \(value.a ?? "unknown") -> \(value.b ?? "unknown")")
    }
  }
}
