/// How a point ended.
public enum ResultStatus: String, CaseIterable, Codable, Sendable {
  /// Its output agreed with the reference, and it was timed.
  case passed
  /// Wrong output, a crash, an error; never carries a time.
  case failed
  /// This machine cannot run it.
  case skipped
}

/// Where a point of a run stands.
public enum PointStatus: String, CaseIterable, Codable, Sendable {
  case planned, running, done, failed, skipped

  init(_ result: ResultStatus) {
    switch result {
    case .passed: self = .done
    case .failed: self = .failed
    case .skipped: self = .skipped
    }
  }
}
