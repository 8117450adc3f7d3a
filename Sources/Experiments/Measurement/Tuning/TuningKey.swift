import Kernels
import Plans
import Profiler

/// What a tuning holds for: the machine, the pass, and where its threads and pages lie.
struct TuningKey {
  /// One line of text, the same for the same case on every run.
  let text: String

  init(_ task: LookupTask, point: Point, fingerprint: MachineFingerprint) {
    let shape = task.shape
    let parts: [String] = [
      fingerprint.text, "hidden=\(shape.hidden)", "output=\(shape.output)", "tables=\(shape.tables)",
      "table_rows=\(shape.tableRows)", "projection=\(shape.projection.rawValue)", "block_size=\(shape.blockSize)",
      "dtype=\(task.tableType.rawValue)", "projection_dtype=\(task.projectionType.rawValue)",
      "isa=\(task.isa.rawValue)", "tokens=\(task.tokens)",
      "threads=\(task.team.workers)", "partition=\(task.team.partition.rawValue)",
      // Codes of recorded activations repeat in their own way.
      "codes=\(point.codes?.rawValue ?? "")", "layer=\(point.codes == .recorded ? point.layer ?? "" : "")",
      "cpus=\(point.cpus)", "memory=\(point.memory)", "pages=\(point.pages.rawValue)",
    ]
    text = parts.joined(separator: " ")
  }

  /// 16 hexadecimal digits.
  var digest: String { hexadecimal(fnv1a64(text)) }
}
