import Kernels
import RunStore

/// The libraries that were tried for the dense baseline, and the fastest ones.
struct AuditSection: ReportSection {
  func section(of run: RunData) -> ReportDocument.Section? {
    var section = ReportDocument.Section("Baseline audit")
    guard !run.audit.isEmpty else {
      section.add("No library was audited: the run has no dense point, or comes from a tool that did not audit.")
      return section
    }
    section.add(
      """
      Every library found was measured, with its own choice and with each core type that this CPU can run: one \
      product on one thread in a process of its own, a dense layer's with its bias and GELU. The dense points of a \
      layer run on the library with the least time over its products. Shares are of the peak of the product's element \
      type.
      """)
    let timed = run.audit.filter { $0.layer != nil }
    var table = ReportDocument.Table([
      ("layer", .left), ("library", .left), ("version", .left), ("core type", .left), ("forced", .left),
      ("dtype", .left), ("m x n x k", .left), ("GFLOP/s", .right), ("of FMA peak", .right), ("chosen", .left),
    ])
    for row in timed {
      table.append([
        .text(row.layer), .text(row.library), .text(row.version), .text(row.coreType),
        .text(row.coreTypeAsked == nil ? "" : "yes"), .text(row.dtype?.rawValue), .text(row.shape),
        .significant(row.gigaflopPerSecond), .percent(row.fractionOfFMAPeak), row.chosen ? .strong("yes") : "",
      ])
    }
    if table.isEmpty { section.add("None could be timed.") } else { section.add(table) }
    let weak = timed.filter { $0.chosen && ($0.fractionOfFMAPeak ?? 1) < RunData.healthyBaseline }
    if !weak.isEmpty {
      let limit = "\(Int(RunData.healthyBaseline * 100))"
      let shapes = weak.map { "\($0.shape ?? "") (\($0.layer ?? ""))" as InlineText }
      section.add(
        """
        \(strong: "Below \(limit) % of the peak even on the library chosen:") \(shapes.joined(separator: ", ")).
        """)
    }
    let rejected = run.audit.filter { $0.layer == nil }
    if !rejected.isEmpty {
      section.add("Not in the table:")
      section.add(
        list: rejected.map { row in
          "\(row.title + (row.dtype.map { ", \($0.rawValue)" } ?? "")): \(row.reason ?? "no reason given")"
        })
    }
    return section
  }
}
