import Foundation
import Kernels
import Plans
import Support

/// Times a candidate in a process of its own: a library picks its kernels once per process, and kernels that this CPU
/// cannot run end the process that tried.
public struct CandidateProcess {
  /// The verb of the tool that times a candidate. It is hidden, because users have no use for it.
  public static let verb = "audit-candidate"

  /// Time limits in seconds, for a candidate to load and for each product: two hundred times what a product takes at
  /// full speed.
  private static let timeLimit = (load: 20.0, product: 20.0)

  private let executable: URL

  /// `executable` is the tool itself by default.
  public init(executable: URL = ChildProcess.own) {
    self.executable = executable
  }

  public func measure(_ candidate: LibraryCandidate, _ products: [ProductShape]) -> CandidateOutcome {
    do { return try run(candidate, products) } catch { return .failed("\(error)") }
  }

  /// The arguments after the executable.
  static func arguments(_ candidate: LibraryCandidate, _ products: [ProductShape]) -> [String] {
    [verb, candidate.file] + (candidate.coreType.map { ["--core-type", $0] } ?? [])
      + products.flatMap { ["--product", $0.argument] }
  }

  private func run(_ candidate: LibraryCandidate, _ products: [ProductShape]) throws -> CandidateOutcome {
    let process = try ChildProcess.run(
      executable, Self.arguments(candidate, products),
      seconds: Self.timeLimit.load + Self.timeLimit.product * Double(products.count))
    if let failure = process.failure { return .failed(failure) }
    guard let outcome = try? JSONDecoder().decode(CandidateOutcome.self, from: process.output) else {
      return .failed("ended with exit code 0" + (process.lastMessage.isEmpty ? "" : ": \(process.lastMessage)"))
    }
    return outcome
  }
}

extension ProductShape {
  /// `1024x2048x512`, with what is not the default behind it: `1024x2048x512:bf16:bias-gelu:rounded`.
  public var argument: String {
    var parts = ["\(m)x\(n)x\(k)"]
    if self != ProductShape(m: m, n: n, k: k) { parts += [dtype.rawValue, finish.rawValue] }
    if roundsResult { parts.append("rounded") }
    return parts.joined(separator: ":")
  }

  /// Nil for text that `argument` does not write.
  public init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let numbers = parts[0].split(separator: "x").compactMap { Int($0) }
    guard numbers.count == 3, numbers.allSatisfy({ $0 >= 1 }) else { return nil }
    self.init(m: numbers[0], n: numbers[1], k: numbers[2])
    guard parts.count > 1 else { return }
    guard parts.count >= 3, let dtype = ElementType(rawValue: parts[1]),
      let finish = LayerProduct.Finish(rawValue: parts[2])
    else { return nil }
    self.dtype = dtype
    self.finish = finish
    roundsResult = parts.count == 4 && parts[3] == "rounded"
    guard self.argument == argument else { return nil }
  }
}
