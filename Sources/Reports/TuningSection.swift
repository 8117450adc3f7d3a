import Plans
import RunStore

extension RunData {
  /// How the strategies of points that leave theirs open were chosen; empty where there are none.
  var tuningSection: String {
    let ids = results.map(\.pointID).filter { id in tuning.contains { $0.pointID == id } }
    guard !ids.isEmpty else { return "" }
    var text = "## Tuned strategies\n\n"
    text +=
      "Points with `order: auto`: the candidates with the lowest modelled time were measured in turns on the point's "
    text += "own tables, and the fastest measured one ran. All of them are in tuning.csv.\n\n"
    var table = MarkdownTable([
      ("point", .left), ("chosen", .left), ("measured us/token", .right), ("modelled us/token", .right),
      ("rank by model", .right), ("model's first, measured us/token", .right), ("timed / considered", .right),
      ("cached", .left),
    ])
    for id in ids {
      let rows = tuning.filter { $0.pointID == id }
      guard let chosen = rows.first(where: \.chosen) else { continue }
      func microseconds(_ nanoseconds: Double?) -> String? { nanoseconds.map { significant($0 / 1000) } }
      table.append([
        label(id), chosen.strategy.label, microseconds(chosen.measuredNanosecondsPerToken),
        microseconds(chosen.estimatedNanosecondsPerToken), "\(chosen.rank)",
        microseconds(rows.first { $0.rank == 1 }?.measuredNanosecondsPerToken),
        "\(rows.count { $0.measuredNanosecondsPerToken != nil }) / \(chosen.considered)", chosen.cached ? "yes" : "",
      ])
    }
    return text + table.text + "\n"
  }
}
