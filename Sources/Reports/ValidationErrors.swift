import Kernels
import Machines
import Plans
import Statistics
import Studies

/// Error statistics of a group of points, as fractions.
struct ErrorSummary {
  var count: Int
  var magnitude: Double
  var bias: Double
  var median: Double
  /// The error of the largest magnitude, with its sign.
  var largest: Double

  init(_ errors: [Double]) {
    count = errors.count
    let n = Double(max(1, errors.count))
    magnitude = errors.reduce(0) { $0 + abs($1) } / n
    bias = errors.reduce(0, +) / n
    median = errors.isEmpty ? .nan : quantile(errors.map(abs).sorted(), 0.5)
    largest = errors.max { abs($0) < abs($1) } ?? .nan
  }
}

/// The axes by which a study groups its points.
enum ValidationAxis: CaseIterable {
  case kernel, order, tables, dtype, tokens, threads

  var title: String {
    switch self {
    case .kernel: return "kernel"
    case .order: return "order of the look-ups"
    case .tables: return "place of the tables"
    case .dtype: return "element type"
    case .tokens: return "batch"
    case .threads: return "threads"
    }
  }

  /// A prefix of the value on an axis of a plot.
  var short: String { self == .threads ? "threads" : self == .tokens ? "tokens" : "" }

  var column: String {
    switch self {
    case .kernel: return "kernel"
    case .order: return "order"
    case .tables: return "tables_in"
    case .dtype: return "dtype"
    case .tokens: return "tokens"
    case .threads: return "threads"
    }
  }

  func value(_ point: Point, _ machine: Machine) -> String? {
    switch self {
    case .kernel: return point.kernel.rawValue
    case .order: return point.value(of: .order)?.text
    case .tables:
      guard let bytes = point.network.tableBytes else { return nil }
      return machine.caches.first { bytes <= $0.sizeBytes }?.name ?? "memory"
    case .dtype: return point.dtype.rawValue
    case .tokens: return "\(point.tokens)"
    case .threads: return "\(point.threads)"
    }
  }
}

extension ValidationReport {
  /// Errors of the points that share a value of `axis`: numbers by size, names in the order of the plan.
  func groups(_ axis: ValidationAxis) -> [(name: String, errors: ErrorSummary)] {
    let errors = validation.entries.compactMap { entry -> (group: String, error: Double)? in
      guard let value = axis.value(entry.point, validation.machine), let error = entry.relativeError(reference) else {
        return nil
      }
      return (value, error)
    }
    let groups = grouped(errors, by: \.group)
    let sorted =
      groups.allSatisfy { Int($0.key) != nil } ? groups.sorted { (Int($0.key) ?? 0) < (Int($1.key) ?? 0) } : groups
    return sorted.map { ($0.key, ErrorSummary($0.values.map(\.error))) }
  }
}
