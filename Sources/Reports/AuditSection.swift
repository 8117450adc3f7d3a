import Kernels
import RunStore

extension RunData {
  var auditSection: String {
    var text = "## Baseline audit\n\n"
    guard !audit.isEmpty else {
      return text + "No library was audited: the run has no dense point, or comes from a tool that did not audit.\n\n"
    }
    text +=
      "Every library found, left alone and with each core type that this CPU can run, one product on one thread in a "
    text +=
      "process of its own, a dense layer's with its bias and GELU; measured. The dense points of a layer run on the "
    text += "library with the least time over its products. Shares are of the peak of the product's element type.\n\n"
    let timed = audit.filter { $0.layer != nil }
    var table = MarkdownTable([
      ("layer", .left), ("library", .left), ("version", .left), ("core type", .left), ("forced", .left),
      ("dtype", .left), ("m x n x k", .left), ("GFLOP/s", .right), ("of FMA peak", .right), ("chosen", .markup),
    ])
    for row in timed {
      table.append([
        row.layer, row.library, row.version, row.coreType, row.coreTypeAsked == nil ? "" : "yes",
        row.dtype?.rawValue, row.shape,
        row.gigaflopPerSecond.map { significant($0) }, row.fractionOfFMAPeak.map { percent($0) },
        row.chosen ? "**yes**" : "",
      ])
    }
    text += table.isEmpty ? "None could be timed.\n\n" : table.text + "\n"
    let weak = timed.filter { $0.chosen && ($0.fractionOfFMAPeak ?? 1) < Self.healthyBaseline }
    if !weak.isEmpty {
      text += "**Below \(Int(Self.healthyBaseline * 100)) % of the peak even on the library chosen:** "
      text += weak.map { markdownText("\($0.shape ?? "") (\($0.layer ?? ""))") }.joined(separator: ", ") + ".\n\n"
    }
    let rejected = audit.filter { $0.layer == nil }
    if !rejected.isEmpty {
      text += "Not in the table:\n\n"
      text +=
        rejected.map { row in
          let title = markdownText(row.title + (row.dtype.map { ", \($0.rawValue)" } ?? ""))
          return "- \(title): \(markdownText(row.reason ?? "no reason given"))\n"
        }.joined() + "\n"
    }
    return text
  }
}
