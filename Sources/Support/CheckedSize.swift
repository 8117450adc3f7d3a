/// A count of bytes, points or machines that is computed from numbers of the user: either exact, or known to be
/// `tooLarge` for 64 bits.
///
/// Every size that multiplies dimensions is computed in this type, so that a shape too large for any machine is a
/// point that cannot run, with a reason, and never a trap.
public struct CheckedSize: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Nil where the size is 2^63 or more.
  public let value: Int?

  /// A negative `value` counts as 0.
  public init(_ value: Int) {
    self.value = max(0, value)
  }

  private init(checked value: Int?) {
    self.value = value
  }

  /// 2^63 and everything above it.
  public static let tooLarge = CheckedSize(checked: nil)

  /// The size, or `Int.max` where it is too large.
  public var clamped: Int { value ?? .max }

  public static func + (a: CheckedSize, b: CheckedSize) -> CheckedSize {
    guard let x = a.value, let y = b.value else { return .tooLarge }
    let (sum, isOver) = x.addingReportingOverflow(y)
    return isOver ? .tooLarge : CheckedSize(sum)
  }

  /// 0 times anything is 0, even `tooLarge`.
  public static func * (a: CheckedSize, b: CheckedSize) -> CheckedSize {
    if a.value == 0 || b.value == 0 { return CheckedSize(0) }
    guard let x = a.value, let y = b.value else { return .tooLarge }
    let (product, isOver) = x.multipliedReportingOverflow(by: y)
    return isOver ? .tooLarge : CheckedSize(product)
  }

  public static func + (a: CheckedSize, b: Int) -> CheckedSize { a + CheckedSize(b) }
  public static func * (a: CheckedSize, b: Int) -> CheckedSize { a * CheckedSize(b) }

  public static func < (a: CheckedSize, b: CheckedSize) -> Bool {
    switch (a.value, b.value) {
    case (let x?, let y?): x < y
    case (.some, nil): true
    case (nil, _): false
    }
  }

  /// The number with commas between thousands: `100,000,000`.
  public var description: String {
    guard let value else { return "more than 2^63" }
    let digits = Array(String(value))
    return String(
      digits.indices.flatMap { index in
        index > 0 && (digits.count - index) % 3 == 0 ? [",", digits[index]] : [digits[index]]
      })
  }

  /// The size in bytes with a unit: `1.5GiB`.
  public var bytesText: String { value.map(formatByteCount) ?? "more than 2^63 bytes" }
}
