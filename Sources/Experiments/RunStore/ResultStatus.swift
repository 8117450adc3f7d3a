/// The outcome of a point.
public enum ResultStatus: String, CaseIterable, Codable, Sendable {
  /// Its output agreed with the reference, and it was timed.
  case passed
  /// Its output was wrong, or it crashed or raised an error; it never has a time.
  case failed
  /// This machine cannot run it.
  case skipped
}

/// The state of a point in a run.
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
