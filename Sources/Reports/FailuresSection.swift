import RunStore

extension RunData {
  var failuresSection: String {
    var text = "## Failures and skips\n\n"
    let rows = results.filter { $0.status != .passed }
    guard !rows.isEmpty else { return text + "None.\n\n" }
    for (reason, rows) in grouped(rows, by: { "\($0.status.rawValue): \($0.reason ?? "no reason given")" }) {
      text +=
        "- \(markdownText(reason))\n"
        + rows.map { "  - \(markdownText(label($0.pointID))) (\(markdownCode($0.pointID)))\n" }.joined()
    }
    return text + "\n"
  }
}
