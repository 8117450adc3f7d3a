import Support
import Testing

struct CheckedSizeTests {
  @Test func `a size that fits is exact`() {
    #expect((CheckedSize(3) * 4 + 5).value == 17)
    #expect((CheckedSize(1 << 31) * (1 << 31)).value == 1 << 62)
    #expect((CheckedSize(.max) + 0).value == .max)
  }

  @Test func `a size that does not fit is too large, and stays so`() {
    let product = CheckedSize(1 << 31) * (1 << 31) * 2
    #expect(product == .tooLarge)
    #expect(product + 1 == .tooLarge && product * 1 == .tooLarge && CheckedSize(.max) + 1 == .tooLarge)
    #expect(product.value == nil && product.clamped == .max)
    #expect(product * 0 == CheckedSize(0))
  }

  @Test func `sizes are ordered, the too large ones last`() {
    #expect(CheckedSize(1) < CheckedSize(2) && CheckedSize(.max) < .tooLarge)
    #expect(!(CheckedSize.tooLarge < .tooLarge) && !(CheckedSize.tooLarge < CheckedSize(.max)))
    #expect(CheckedSize(-5) == CheckedSize(0))
  }

  @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (100_000_000, "100,000,000")])
  func `counts are written with commas`(count: Int, text: String) {
    #expect("\(CheckedSize(count))" == text)
  }

  @Test func `bytes are written in units`() {
    #expect(CheckedSize(3 << 29).bytesText == "1.5GiB")
    #expect(CheckedSize.tooLarge.bytesText == "more than 2^63 bytes")
  }
}
