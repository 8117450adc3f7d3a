import Foundation
import Kernels
import Plans
import Support

/// Times a candidate in a process of its own: a library picks its kernels once per process, and kernels that this CPU
/// cannot run end the process that tried.
public struct CandidateProcess {
  /// The verb of the tool that does it, and its options. Hidden, because it is of no use to people.
  public static let verb = "audit-candidate"

  /// Seconds for a candidate to load, and for each product. Far beyond any that works: two hundred times what a product
  /// may take at full speed.
  private static let patience = (load: 20.0, product: 20.0)

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
      seconds: Self.patience.load + Self.patience.product * Double(products.count))
    if let failure = process.failure { return .failed(failure) }
    guard let outcome = try? JSONDecoder().decode(CandidateOutcome.self, from: process.output) else {
      return .failed("ended with exit code 0" + (process.lastMessage.isEmpty ? "" : ": \(process.lastMessage)"))
    }
    return outcome
  }
}

extension ProductShape {
  /// `1024x2048x512`, or with what is unusual `1024x2048x512:bf16:bias-gelu:rounded`.
  public var argument: String {
    var parts = ["\(m)x\(n)x\(k)"]
    if self != ProductShape(m: m, n: n, k: k) { parts += [dtype.rawValue, finish.rawValue] }
    if roundsResult { parts.append("rounded") }
    return parts.joined(separator: ":")
  }

  /// Nil for anything that `argument` does not write.
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
