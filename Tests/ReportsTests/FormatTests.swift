import Testing

@testable import Reports

@Suite struct FormatTests {
  @Test(arguments: [
    (0.012345, "0.0123"), (1.0, "1.00"), (9.996, "10.0"), (123.4, "123"), (1234.5, "1234"), (0, "0"), (-2.5, "-2.50"),
  ])
  func `three significant digits`(_ value: Double, _ text: String) {
    #expect(significant(value) == text)
  }

  @Test(arguments: [(285_000.0, "285 k"), (1_240_000.0, "1.24 M"), (12.0, "12.0"), (999_600.0, "1.00 M")])
  func `a decimal prefix keeps three digits`(_ value: Double, _ text: String) {
    #expect(scaled(value) == text)
  }

  @Test func `an interval has the decimals of its median`() {
    #expect(interval(812.34, 810.1, 815) == "812.3 [810.1, 815.0]")
    #expect(interval(3.2, nil, nil) == "3.200")
  }

  @Test func `sizes are said in binary units`() {
    #expect(bytes(65536) == "64 KiB")
    #expect(bytes(1_376_256) == "1.31 MiB")
    #expect(bytes(12) == "12 B")
  }

  @Test func `a table pads its columns, escapes pipes and shows a dash for nothing`() {
    var table = ReportDocument.Table([("name", .left), ("value", .right)])
    table.append([.text("a|b"), nil])
    table.append(["long name", .count(12)])
    #expect(
      MarkdownWriter().text([table]) == """
        | name      | value |
        | --------- | ----: |
        | a\\|b      |     – |
        | long name |    12 |

        """)
  }

  @Test func `a crossover is found where a series stops winning`() {
    #expect(
      crossover([(1024, 2), (2048, 1.2), (4096, 0.9)]) == "lookup stops winning between 2 KiB and 4 KiB of tables.")
    #expect(crossover([(1024, 2), (2048, 1.2)]).contains("faster than dense up to the largest tables measured, 2 KiB"))
    #expect(crossover([(1024, 0.5), (2048, 0.2)]).contains("slower than dense at every table size"))
    #expect(
      crossover([(1024, 0.5), (2048, 2), (4096, 0.5)]).contains("between 2 KiB and 4 KiB of tables (with losses"))
  }
}
