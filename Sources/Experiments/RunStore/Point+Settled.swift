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
