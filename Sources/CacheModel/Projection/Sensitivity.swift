import AccessStreams
import Machines
import Simulation
import Support

/// How far one figure of a machine moves a projection: throughput with the figure 10 % lower and 10 % higher.
public struct Sensitivity: Equatable, Sendable {
  /// Key path of the figure, such as `caches[1].bytes_per_cycle`.
  public var parameter: String
  public var tokensPerSecondAtMinusTenth: Double
  public var tokensPerSecondAtPlusTenth: Double

  /// Difference between both ends, by which a tornado plot sorts.
  public var swing: Double { abs(tokensPerSecondAtPlusTenth - tokensPerSecondAtMinusTenth) }

  /// The sensitivities of all figures that the equations use, largest swing first.
  ///
  /// Capacities change the traffic itself, so they need `source`, which gives the traffic on a machine with other
  /// caches. Without it they are left out. Cores and vector width are left out too, because they are whole numbers.
  public static func all(
    phases: [PhaseWork], tokens: Int, threads: Int, traffic: Traffic, on machine: Machine,
    options: Projection.Options = .init(), source: (any TrafficSource)? = nil
  ) throws -> [Sensitivity] {
    let inputs = try ProjectionInputs(machine, memoryName: options.memory)
    func rate(_ inputs: ProjectionInputs, _ traffic: Traffic) -> Double {
      Projection.rate(
        Projection.phaseModels(phases, traffic, threads: threads, inputs: inputs, matrix: options.matrix),
        Double(tokens))
    }
    func moved(_ figure: PlacedFigure, by factor: Double) throws -> Double? {
      if figure.changesTraffic {
        var other = machine
        figure.scale(&other, FigureFactors(factor))
        return try source.map { rate(inputs, try $0.requiredTraffic(on: other)) }
      }
      var other = inputs.machine
      figure.scale(&other, FigureFactors(factor))
      return rate(
        try ProjectionInputs(complete: other, memoryIndex: inputs.memoryIndex, corner: inputs.corner), traffic)
    }
    return try inputs.machine.figures(memory: inputs.memoryIndex).compactMap { figure in
      guard figure.whyNoSensitivity == nil, figure.isStated(inputs.machine), let low = try moved(figure, by: 0.9),
        let high = try moved(figure, by: 1.1)
      else { return nil }
      return Sensitivity(
        parameter: figure.path, tokensPerSecondAtMinusTenth: low, tokensPerSecondAtPlusTenth: high)
    }.sorted { $0.swing > $1.swing }
  }
}
