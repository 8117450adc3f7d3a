import Kernels
import Plans

extension Point {
  /// The point with the strategy that `row` says was chosen for it; nil where the point leaves nothing open, or
  /// nothing was chosen.
  package func settled(by row: ResultRow) -> Point? {
    guard network.isOpen else { return nil }
    var settled = self
    settled.network = network.settled(by: row.networkFigures)
    return settled.network.isOpen ? nil : settled
  }
}

extension RunDirectory {
  /// The points that left their strategy open, with the one that this run chose, by the id of the open point. Whatever
  /// projects a measured point takes it from here: another strategy has another access stream.
  package func settledPoints() throws -> [String: Point] {
    let rows = Dictionary(
      try store.rows(ResultRow.self).map { ($0.pointID, $0) }, uniquingKeysWith: { _, last in last })
    let settled = plan.points.compactMap { point in
      rows[point.id].flatMap(point.settled).map { (point.id, $0) }
    }
    return Dictionary(settled, uniquingKeysWith: { first, _ in first })
  }
}
