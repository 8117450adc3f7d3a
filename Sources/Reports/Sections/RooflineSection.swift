import Kernels
import RunStore

/// Each stage of the headline pair compared with its bound, and each point with the sum of its stages' bounds.
struct RooflineSection: ReportSection {
  func section(of run: RunData) -> ReportDocument.Section? {
    let pair = run.headlinePair
    guard let threads = pair.first?.threads, let roofline = run.roofline(threads: threads) else { return nil }
    var stages = ReportDocument.Table([("stage", .left), ("bound ns/token", .right), ("set by", .left)])
    for point in pair {
      for stage in run.stages where stage.pointID == point.pointID {
        guard let bound = run.bound(of: stage, point, roofline) else { continue }
        stages.append([
          "\(point.kernel.rawValue): \(stage.stage)", .significant(bound.nanoseconds), .text(bound.ceiling),
        ])
      }
    }
    guard !stages.isEmpty else { return nil }
    var section = ReportDocument.Section("Roofline")
    section.add(
      """
      Bounds from this run's ceilings: \(significant(roofline.peak)) GFLOP/s of multiply-adds and \
      \(significant(roofline.bandwidth)) GB/s from the second-level cache on \(counted(threads, "thread")); a stage takes at \
      least the longer of its FLOPs over the one and its algorithmic bytes over the other, and stages follow one another.
      """)
    section.add(stages)
    var points = ReportDocument.Table([
      ("point", .left), ("bound ns/token", .right), ("measured ns/token", .right), ("of the bound", .right),
    ])
    for row in run.measured {
      guard let bound = run.bound(of: row), let time = row.nanosecondsPerToken else { continue }
      points.append([
        .text(run.label(row.pointID)), .significant(bound), .significant(time), .percent(bound / time),
      ])
    }
    section.add(points)
    return section
  }
}
