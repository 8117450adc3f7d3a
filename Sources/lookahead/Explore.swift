import ArgumentParser
import Foundation
import HostModel
import Machines
import Plans
import Profiler
import Profiles
import Projection
import Reports
import RunStore
import Studies
import Support

struct ExploreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explore",
    abstract: "Find the machines on which look-ups would pay off: the least cache or bandwidth, and Pareto fronts.",
    discussion: """
      Every point is profiled once; thousands of machines a second are then evaluated from the profiles, starting from one of \
      the catalogue and changing its figures. Nothing is measured.

      Questions: 'min l2 speedup>=4' (the smallest L2 with which look-ups are four times as fast as dense), 'max \
      latency speedup>=2', 'pareto speedup l2 bandwidth' (the machines that no other beats). Measures: speedup, \
      socket-speedup, tokens, socket-tokens. Figures: l1, l2, l3 (capacity of one instance), l2-bandwidth, \
      l3-bandwidth (bytes per cycle), bandwidth (GB/s of the memory), latency (ns), lines (in flight per core), \
      cores, simd (bits), frequency (GHz).
      """)

  @Argument(help: "An experiment file with look-up points and their dense baselines.")
  var file: String

  @Option(
    name: .customLong("target"), parsing: .upToNextOption, help: "A question, in quotes; several may be asked.")
  var targets: [String]

  @Option(
    name: .customLong("machine"), parsing: .upToNextOption,
    help: "Machines to start from: names of the catalogue or machine files; the experiment's own by default.")
  var machines: [String] = []

  @Option(
    name: .customLong("vary"), parsing: .upToNextOption,
    help: """
      Values to try: l2=1MiB,2MiB or bandwidth=100..800 (eight an octave) or cores=8..512:7. A figure that is not asked for \
      repeats the question for each of its values. By default a sixteenth to sixteen times what the machine has.
      """)
  var vary: [String] = []

  @Option(
    name: .customLong("set"), help: "Override a key of the experiment, as KEY=VALUE; may be repeated.",
    completion: .experimentKeys)
  var overrides: [String] = []

  @Option(help: "Follow only this share of all cache lines while profiling, 0 < R <= 1: faster, less exact.")
  var sample: Double = 1

  @Option(help: "Simulate this many of the machines exactly and show the error of the profiles.")
  var check: Int = 0

  @Option(help: "Write report.md, answers.csv, machines.csv and plots into this directory.")
  var output: String?

  @Flag(help: "Print one JSON document.")
  var json = false

  func run() throws {
    let targets = try targets.map { try ExplorationTarget($0) }
    let ranges = try vary.map { try FigureRange($0) }
    guard sample > 0, sample <= 1 else {
      throw InputError(key: "--sample", "expected a rate above 0 and up to 1, found \(sample)")
    }
    guard check >= 0 else { throw InputError(key: "--check", "expected a number of machines, found \(check)") }
    let study = try output.map { try StudyDirectory($0, for: .exploration) }
    let experiment = try Experiment(contentsOf: file, overrides: overrides)
    let names = machines.isEmpty ? experiment.machines.filter { $0 != Machine.hostName } : machines
    let exploration = try Exploration(
      try Plan(experiment, topology: .read()).points, experiment: experiment,
      bases: try names.map { try Machine.named($0) },
      targets: targets, vary: ranges, sampling: sample < 1 ? .rate(sample) : .all, checks: check
    ) { printMessage($0) }
    if let study {
      let report = ExplorationReport(exploration, experiment: experiment, command: command(names))
      for problem in try report.write(to: study) { printMessage(problem) }
    }
    if json { return try printJSON(ExplorationDocument(exploration)) }
    printAnswers(exploration)
    if let output { printMessage("wrote \(output)/report.md") }
  }

  /// The command that repeats the exploration.
  private func command(_ names: [String]) -> String {
    var words = ["lookahead", "explore", file, "--machine"] + names + ["--target"] + targets
    if !vary.isEmpty { words += ["--vary"] + vary }
    for override in overrides { words += ["--set", override] }
    if sample < 1 { words += ["--sample", "\(sample)"] }
    if check > 0 { words += ["--check", "\(check)"] }
    if let output { words += ["--output", output] }
    return words.map(shellQuoted).joined(separator: " ")
  }

  private func printAnswers(_ exploration: Exploration) {
    func number(_ value: Double) -> String { String(format: value < 1000 ? "%.2f" : "%.0f", value) }
    func band(_ value: ProjectedValue?) -> String {
      value.map { "\(number($0.expected)) [\(number($0.low)), \(number($0.high))]" } ?? "-"
    }
    if !exploration.thresholds.isEmpty {
      printTable(
        ["question", "point", "machine", "with", "has", "answer", "even at low end", "measure there", "limiter"],
        exploration.thresholds.map { one in
          func text(_ value: Double?) -> String { value.map(one.figure.text) ?? "none" }
          return [
            one.target.text, exploration.pairs[one.pair].label, one.base.name, figuresText(one.others),
            text(one.figure.value(of: one.base)), one.answerText, text(one.value(one.cautious)),
            band(one.answer?.value(one.target.metric)), one.answer?.limiter.rawValue ?? "-",
          ]
        })
    }
    for front in exploration.fronts {
      print("")
      print(
        "\(front.target.text): \(front.points.count) of \(front.tried.count) machines, "
          + "\(exploration.pairs[front.pair].label) on \(front.base.name)")
      printTable(
        front.figures.map(\.rawValue) + [front.target.metric.rawValue, "limiter"],
        front.points.map { point in
          front.figures.map { figure in point.variant.value(figure).map(figure.text) ?? "-" }
            + [band(point.value(front.target.metric)), point.limiter.rawValue]
        })
    }
    print("")
    print(
      String(
        format: "modelled: %d projections in %.3f s (%.0f a second), after %.1f s of profiling",
        exploration.evaluations,
        exploration.seconds, Double(exploration.evaluations) / exploration.seconds, exploration.profileSeconds))
    if let check = exploration.check {
      print(
        String(
          format: "%d machines simulated exactly: tokens/s off by %.1f %% on average, at most %+.1f %% (%@)",
          check.machines,
          100 * check.meanError, 100 * check.worstError, check.worst))
    }
  }
}

private struct ExplorationDocument: Encodable {
  struct Value: Encodable {
    var low: Double
    var expected: Double
    var high: Double

    init(_ value: ProjectedValue) { (low, expected, high) = (value.low, value.expected, value.high) }
  }

  struct Answer: Encodable {
    var target: String
    var point: String
    var label: String
    var machine: String
    var others: [String: Double]
    var figure: String
    var unit: String
    var baseValue: Double?
    /// Null where no machine that was tried reaches the threshold.
    var value: Double?
    var cautiousValue: Double?
    /// Whether values outside the range may reach the threshold as well.
    var isAtEdge: Bool?
    var measure: Value?
    var holdsBeyond: Bool?
    var limiter: String?

    enum CodingKeys: String, CodingKey {
      case target, point, label, machine, others, figure, unit, value, measure, limiter
      case baseValue = "base_value"
      case cautiousValue = "cautious_value"
      case isAtEdge = "at_edge"
      case holdsBeyond = "holds_beyond"
    }

    func encode(to encoder: Encoder) throws {
      var object = encoder.container(keyedBy: CodingKeys.self)
      try object.encode(target, forKey: .target)
      try object.encode(point, forKey: .point)
      try object.encode(label, forKey: .label)
      try object.encode(machine, forKey: .machine)
      try object.encode(others, forKey: .others)
      try object.encode(figure, forKey: .figure)
      try object.encode(unit, forKey: .unit)
      try object.encode(baseValue, forKey: .baseValue)
      try object.encode(value, forKey: .value)
      try object.encode(cautiousValue, forKey: .cautiousValue)
      try object.encode(isAtEdge, forKey: .isAtEdge)
      try object.encode(measure, forKey: .measure)
      try object.encode(holdsBeyond, forKey: .holdsBeyond)
      try object.encode(limiter, forKey: .limiter)
    }
  }

  struct Front: Encodable {
    struct Machine: Encodable {
      var figures: [String: Double]
      var measure: Value?
      var limiter: String
    }

    var target: String
    var point: String
    var label: String
    var machine: String
    var tried: Int
    var points: [Machine]
  }

  struct Check: Encodable {
    var machines: Int
    var meanError: Double
    var worstError: Double
    var worst: String

    enum CodingKeys: String, CodingKey {
      case machines, worst
      case meanError = "mean_error"
      case worstError = "worst_error"
    }
  }

  var answers: [Answer]
  var fronts: [Front]
  var evaluations: Int
  var seconds: Double
  var profileSeconds: Double
  var check: Check?

  enum CodingKeys: String, CodingKey {
    case answers, fronts, evaluations, seconds, check
    case profileSeconds = "profile_seconds"
  }

  init(_ exploration: Exploration) {
    func figures(_ list: [(figure: MachineFigure, value: Double)]) -> [String: Double] {
      Dictionary(uniqueKeysWithValues: list.map { ($0.figure.rawValue, $0.value) })
    }
    answers = exploration.thresholds.map { one in
      Answer(
        target: one.target.text, point: exploration.pairs[one.pair].lookup.id, label: exploration.pairs[one.pair].label,
        machine: one.base.name, others: figures(one.others), figure: one.figure.rawValue, unit: one.figure.unit,
        baseValue: one.figure.value(of: one.base), value: one.value(one.answer), cautiousValue: one.value(one.cautious),
        isAtEdge: one.answer.map { _ in one.isAtEdge }, measure: one.answer?.value(one.target.metric).map(Value.init),
        holdsBeyond: one.answer.map { _ in one.holdsBeyond }, limiter: one.answer?.limiter.rawValue)
    }
    fronts = exploration.fronts.map { front in
      Front(
        target: front.target.text, point: exploration.pairs[front.pair].lookup.id,
        label: exploration.pairs[front.pair].label, machine: front.base.name, tried: front.tried.count,
        points: front.points.map {
          Front.Machine(
            figures: figures($0.variant.figures), measure: $0.value(front.target.metric).map(Value.init),
            limiter: $0.limiter.rawValue)
        })
    }
    evaluations = exploration.evaluations
    seconds = exploration.seconds
    profileSeconds = exploration.profileSeconds
    check = exploration.check.map {
      Check(machines: $0.machines, meanError: $0.meanError, worstError: $0.worstError, worst: $0.worst)
    }
  }
}
