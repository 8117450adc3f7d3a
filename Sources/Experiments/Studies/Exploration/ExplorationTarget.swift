import Foundation
import Machines
import Support

/// A question about a grid of machines, for example:
///
///     min l2 speedup>=4                 the smallest L2 with which look-ups are four times as fast as dense
///     max latency socket-tokens>=1e6    the longest memory latency at which a socket makes 1e6 tokens/s
///     pareto speedup l2 bandwidth       the machines that no other beats in speed-up with no more L2 and bandwidth
public struct ExplorationTarget: Equatable, Sendable {
  public enum Question: Equatable, Sendable {
    /// The least value of the figure at which the metric reaches the threshold.
    case least(MachineFigure, ExplorationMetric, Double)
    case greatest(MachineFigure, ExplorationMetric, Double)
    case pareto(ExplorationMetric, [MachineFigure])
  }

  /// The question as the user wrote it.
  public let text: String
  public let question: Question

  /// Throws `InputError` for a question, figure or measure that it does not know.
  public init(_ text: String) throws {
    do {
      self.text = text
      question = try ExplorationTarget.question(text.split(separator: " ").map(String.init))
    } catch let problem as InputError {
      throw InputError(key: "--target '\(text)'", problem.message)
    }
  }

  public var metric: ExplorationMetric {
    switch question {
    case .least(_, let metric, _), .greatest(_, let metric, _), .pareto(let metric, _): metric
    }
  }

  /// The figures that the question varies, the main one first.
  public var figures: [MachineFigure] {
    switch question {
    case .least(let figure, _, _), .greatest(let figure, _, _): [figure]
    case .pareto(_, let figures): figures
    }
  }

  private static let forms = "'min FIGURE MEASURE>=X', 'max FIGURE MEASURE>=X' or 'pareto MEASURE FIGURE...'"

  private static func question(_ words: [String]) throws -> Question {
    guard let verb = words.first, words.count >= 3 else {
      throw InputError("expected \(forms), such as 'min l2 speedup>=4'")
    }
    switch verb {
    case "min", "max":
      let figure = try MachineFigure(named: words[1])
      // Spaces around '>=' are allowed.
      let condition = words[2...].joined().components(separatedBy: ">=")
      guard condition.count == 2, let threshold = parseNumber(String(condition[1])), threshold > 0 else {
        throw InputError("expected MEASURE>=X with a number above 0, found '\(words[2...].joined(separator: " "))'")
      }
      let metric = try ExplorationMetric(named: condition[0])
      return verb == "min" ? .least(figure, metric, threshold) : .greatest(figure, metric, threshold)
    case "pareto":
      let figures = try words[2...].map { try MachineFigure(named: $0) }
      guard Set(figures).count == figures.count else { throw InputError("expected each figure once") }
      return .pareto(try ExplorationMetric(named: words[1]), figures)
    default:
      throw InputError("expected \(forms), found '\(verb)'")
    }
  }
}
