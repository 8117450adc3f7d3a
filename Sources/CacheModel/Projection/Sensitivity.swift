import AccessStreams
import Machines
import Simulation
import Support

/// How far one figure of a machine moves a projection: what it would be with that figure a tenth lower and a tenth higher.
public struct Sensitivity: Equatable, Sendable {
  /// Key path of the figure, such as `caches[1].bytes_per_cycle`.
  public var parameter: String
  public var tokensPerSecondAtMinusTenth: Double
  public var tokensPerSecondAtPlusTenth: Double

  /// Distance between both ends: what a tornado plot sorts by.
  public var swing: Double { abs(tokensPerSecondAtPlusTenth - tokensPerSecondAtMinusTenth) }

  /// A figure of the timing equations, and how to scale it.
  private struct Parameter {
    var name: String
    var scale: (inout ProjectionInputs, Double) -> Void
  }

  /// The sensitivities of all figures, largest swing first.
  ///
  /// Capacities change the traffic itself, so they need `simulate`, which gives the traffic on a machine with other caches;
  /// without it they are left out. Cores and vector width are not moved: they are whole numbers.
  public static func all(
    phases: [PhaseWork], tokens: Int, threads: Int, traffic: Traffic, on machine: Machine,
    options: Projection.Options = .init(), simulate: ((Machine) throws -> Traffic)? = nil
  ) throws -> [Sensitivity] {
    let inputs = try ProjectionInputs(machine, memoryName: options.memory)
    func rate(_ inputs: ProjectionInputs, _ traffic: Traffic) -> Double {
      Projection.rate(
        Projection.phaseModels(phases, traffic, threads: threads, inputs: inputs, matrix: options.matrix),
        Double(tokens))
    }
    var all = parameters(machine, memory: try machine.memoryIndex(named: options.memory)).map { parameter in
      let (low, high) = (scaled(inputs, parameter, 0.9), scaled(inputs, parameter, 1.1))
      return Sensitivity(
        parameter: parameter.name, tokensPerSecondAtMinusTenth: rate(low, traffic),
        tokensPerSecondAtPlusTenth: rate(high, traffic))
    }
    if let simulate {
      for level in machine.caches.indices {
        func resized(_ factor: Double) throws -> Double {
          var other = machine
          let way = machine.caches[level].ways * machine.caches[level].lineBytes
          other.caches[level].sizeBytes = max(1, Int((Double(machine.caches[level].sets) * factor).rounded())) * way
          return rate(inputs, try simulate(other))
        }
        all.append(
          Sensitivity(
            parameter: "caches[\(level)].size", tokensPerSecondAtMinusTenth: try resized(0.9),
            tokensPerSecondAtPlusTenth: try resized(1.1)))
      }
    }
    return all.sorted { $0.swing > $1.swing }
  }

  private static func scaled(
    _ inputs: ProjectionInputs, _ parameter: Parameter, _ factor: Double
  ) -> ProjectionInputs {
    var inputs = inputs
    parameter.scale(&inputs, factor)
    return inputs
  }

  private static func parameters(_ machine: Machine, memory: Int) -> [Parameter] {
    var all = [
      Parameter(name: "frequency_ghz") { $0.frequencyHertz *= $1 },
      Parameter(name: "simd.product_share") { $0.productShare *= $1 },
      Parameter(name: "simd.latency_cycles") { $0.latencyCycles *= $1 },
      Parameter(name: "simd.window") { $0.window *= $1 },
      Parameter(name: "simd.issue_width") { $0.issueWidth *= $1 },
      Parameter(name: "overlap") { $0.overlap = min(1, $0.overlap * $1) },
    ]
    for level in machine.caches.indices {
      all.append(Parameter(name: "caches[\(level)].bytes_per_cycle") { $0.caches[level].bytesPerCycle *= $1 })
      guard level > 0 else { continue }
      all.append(Parameter(name: "caches[\(level)].latency_cycles") { $0.caches[level].latencyCycles *= $1 })
      all.append(Parameter(name: "caches[\(level)].random_rows") { $0.caches[level].randomRows.scale(by: $1) })
    }
    let path = "memory[\(memory)]"
    all += [
      Parameter(name: "\(path).peak_gbps") { inputs, factor in
        inputs.memory.peakGigabytesPerSecond *= factor
        inputs.memory.scaleCurves(bandwidth: factor)
      },
      Parameter(name: "\(path).idle_latency_ns") { inputs, factor in
        inputs.memory.idleLatencyNanoseconds *= factor
        inputs.memory.scaleCurves(latency: factor)
      },
      Parameter(name: "\(path).lines_in_flight_per_core") { $0.memory.linesInFlightPerCore *= $1 },
    ]
    let own = machine.memory[memory]
    if !own.randomRows.isEmpty {
      all.append(
        Parameter(name: "\(path).random_rows") { inputs, factor in
          inputs.memoryRandomRows?.scale(by: factor)
        })
    }
    return all
  }
}
