import Support

/// The counts of a group's events while kernels of known work run, to find counters that the hardware or a hypervisor
/// gets wrong. Opening a counter proves nothing: some hypervisors accept it and never count.
public struct CounterSelfCheck: Codable, Equatable, Sendable {
  public enum Status: String, Codable, Sendable {
    case passed
    case suspect
    /// An event has no value here.
    case notChecked = "not_checked"
  }

  public var group: String
  public var kernel: KnownAnswer.Kernel
  public var events: [String]
  /// The formula's value per unit of work; nil where an event has no value.
  public var perUnit: Double?
  public var bounds: ClosedRange<Double>
  public var status: Status
  /// One line: what was expected and found, or why the check was not made.
  public var reason: String

  /// Runs the checks of `group` on the calling thread, which should be pinned. Takes at most a few tenths of a second each.
  public static func run(
    _ group: CounterGroup, backend: any CounterBackend = LibPFMBackend(), root: String = "/"
  ) -> [CounterSelfCheck] {
    group.checks.map { check in
      let (status, perUnit, reason) = outcome(check, group, backend, root)
      return CounterSelfCheck(
        group: group.name, kernel: check.kernel, events: check.formula.events, perUnit: perUnit, bounds: check.bounds,
        status: status, reason: reason)
    }
  }

  private static func outcome(
    _ check: KnownAnswer, _ group: CounterGroup, _ backend: any CounterBackend, _ root: String
  ) -> (Status, Double?, String) {
    let session = CounterSession(group: group, backend: backend, root: root)
    let missing = session.readings().first {
      check.formula.events.contains($0.event) && [.unsupported, .denied].contains($0.quality)
    }
    // The kernel need not run where the counter did not open. A socket group opens no counter here.
    if let missing { return (.notChecked, nil, missing.reason ?? "no reason given") }
    let body: () -> Double?
    do {
      body = try check.kernel.prepared()
    } catch {
      return (.notChecked, nil, "\(error)")
    }
    let (units, readings) = session.measure(body)
    guard let units else { return (.notChecked, nil, "this architecture has no kernel for it") }
    guard let count = check.formula.value(of: readings) else {
      let reason = readings.first { check.formula.events.contains($0.event) && $0.value == nil }?.reason
      return (.notChecked, nil, reason ?? "no value")
    }
    let perUnit = count / units
    let text =
      "counted \(decimal(perUnit)) per \(check.kernel.unit), expected \(decimal(check.bounds.lowerBound)) to "
      + "\(decimal(check.bounds.upperBound)) over \(Int(units))"
    return (check.bounds.contains(perUnit) ? .passed : .suspect, perUnit, text)
  }

  private static func decimal(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }
}

extension CounterReading {
  /// The reading after the self-check. The value of an event that failed it is kept and marked as suspect.
  public func judged(by checks: [CounterSelfCheck]) -> CounterReading {
    guard value != nil, let check = checks.first(where: { $0.status == .suspect && $0.events.contains(event) })
    else { return self }
    var reading = self
    reading.quality = .suspect
    reading.reason = ["self-check (\(check.kernel.rawValue)): \(check.reason)", reason]
      .compactMap { $0 }.joined(separator: "; ")
    return reading
  }
}
