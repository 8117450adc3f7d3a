import Testing

@testable import Measurement
@testable import Reports

@Suite struct ProgressLineTests {
  private func line(_ progress: RunProgress, last: String = "") -> ProgressLine {
    ProgressLine(progress, point: "dense ff=64", last: last)
  }

  @Test func `the line has a bar, how far, how long, the point and the last result`() {
    let progress = RunProgress(done: 5, total: 20, launch: 1, launches: 2, secondsLeft: 61.2)
    #expect(
      line(progress, last: "2.93 us/token").text(columns: 200)
        == "[#####...............] 5/20, 1 min 2 s left  dense ff=64, launch 2 of 2  last: 2.93 us/token")
  }

  @Test func `what is not known is left out`() {
    let progress = RunProgress(done: 0, total: 3, launch: 0, launches: 1, secondsLeft: nil)
    #expect(line(progress).text(columns: 200) == "[....................] 0/3  dense ff=64")
  }

  @Test func `a narrow terminal cuts the line before it wraps`() {
    let progress = RunProgress(done: 3, total: 3, launch: 0, launches: 1, secondsLeft: 0)
    #expect(line(progress).text(columns: 10) == "[########")
    #expect(line(progress).text(columns: 0).isEmpty)
  }

  @Test func `wide characters take two columns of the line, and control characters none`() {
    let progress = RunProgress(done: 3, total: 3, launch: 0, launches: 1, secondsLeft: 0)
    let line = ProgressLine(progress, point: "測試測試測試", last: "a\u{1B}[2Jb\r\nc")
    #expect(line.text(columns: 48) == "[####################] 3/3, 0 s left  測試測試")
    #expect(line.text(columns: 200).hasSuffix("last: a\u{FFFD}[2Jb c"))
  }

  @Test(arguments: [(0.2, "1 s"), (59, "59 s"), (59.5, "1 min 0 s"), (3599, "59 min 59 s"), (3600, "1 h 0 min")])
  func `durations have the two units that matter`(seconds: Double, text: String) {
    #expect(ProgressLine.duration(seconds) == text)
  }
}
