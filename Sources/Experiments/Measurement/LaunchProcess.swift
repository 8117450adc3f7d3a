import Foundation

/// Runs one launch of a point and returns its outcome.
protocol Launcher {
  func launch(_ request: LaunchRequest, seconds: Double) -> LaunchEnding
}

/// How an attempt at a launch ended.
enum LaunchEnding {
  case reported(LaunchReport)
  /// The process crashed, hung or exited without a report.
  case died(String)
}

/// A launch in a process of its own, so that a crash, an illegal instruction or a lack of memory costs one attempt.
public struct LaunchProcess: Launcher {
  /// The hidden verb of the tool that reads a request on standard input and prints a report.
  public static let verb = "run-launch"

  private let executable: URL

  public init(executable: URL = ChildProcess.own) {
    self.executable = executable
  }

  func launch(_ request: LaunchRequest, seconds: Double) -> LaunchEnding {
    do {
      let process = try ChildProcess.run(
        executable, [Self.verb], input: LaunchCoding.encoder.encode(request), seconds: seconds)
      if let failure = process.failure { return .died(failure) }
      return .reported(try LaunchCoding.decoder.decode(LaunchReport.self, from: process.output))
    } catch { return .died("\(error)") }
  }

  /// The child's side. Throws where it cannot report at all.
  public static func report(on request: Data) throws -> Data {
    Interruption.ignoreRepeatedSignals()
    let request = try LaunchCoding.decoder.decode(LaunchRequest.self, from: request)
    return try LaunchCoding.encoder.encode(PointRunner.report(on: request))
  }
}

/// JSON in which non-finite numbers are words, because a wrong kernel's error may be one.
enum LaunchCoding {
  static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
  }

  static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return decoder
  }
}
