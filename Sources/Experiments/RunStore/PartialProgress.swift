/// The joint progress of several parts of one run, by the rules of `RunMerge`, without merging them.
package struct PartialProgress {
  /// The number of launches of each point.
  private let launches: Int
  package private(set) var measured: Set<RunStore.LaunchKey> = []
  private var statuses: [String: PointStatus] = [:]

  package init(launches: Int) {
    self.launches = launches
  }

  package mutating func add(_ part: RunStore) throws {
    measured.formUnion(try part.measuredLaunches())
    statuses.merge(try part.statuses()) { $0.rank >= $1.rank ? $0 : $1 }
  }

  /// Done, failed or skipped; planned where a launch is missing.
  package func status(_ pointID: String) -> PointStatus {
    if let status = statuses[pointID], status.rank > PointStatus.planned.rank { return status }
    let isWhole = (0..<launches).allSatisfy { measured.contains(.init(pointID: pointID, launch: $0)) }
    return isWhole ? .done : .planned
  }
}
