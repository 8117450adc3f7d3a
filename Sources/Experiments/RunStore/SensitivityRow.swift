import GRDB

/// How far one figure of a machine moves the projection of one point: a row of sensitivities.csv.
public struct SensitivityRow: RunRow, Equatable, Sendable {
  public static let table = "sensitivities"

  public var runID: String
  public var pointID: String
  public var machine: String
  /// The figure's key path in the machine file.
  public var parameter: String
  /// Projected rates with the figure 10 % lower and 10 % higher.
  public var tokensPerSecondAtMinusTenth: Double
  public var tokensPerSecondAtPlusTenth: Double

  public enum CodingKeys: String, CodingKey, CaseIterable {
    case runID = "run_id"
    case pointID = "point_id"
    case machine
    case parameter
    case tokensPerSecondAtMinusTenth = "minus_tenth_tokens_per_s"
    case tokensPerSecondAtPlusTenth = "plus_tenth_tokens_per_s"
  }

  public init(
    runID: String, pointID: String, machine: String, parameter: String, tokensPerSecondAtMinusTenth: Double,
    tokensPerSecondAtPlusTenth: Double
  ) {
    self.runID = runID
    self.pointID = pointID
    self.machine = machine
    self.parameter = parameter
    self.tokensPerSecondAtMinusTenth = tokensPerSecondAtMinusTenth
    self.tokensPerSecondAtPlusTenth = tokensPerSecondAtPlusTenth
  }
}
