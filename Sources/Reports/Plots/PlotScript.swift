import Foundation
import Support

/// Builds a gnuplot script line by line, in one style for all plots.
struct PlotScript: Equatable {
  private var lines: [String] = []

  /// The palette of Okabe and Ito (2008), whose colours are distinct with any common colour blindness, without its
  /// yellow, which is too pale for lines on white. Each colour has its own point shape for prints in grey.
  static let palette = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F"]
  /// gnuplot's filled circle, square, triangle, diamond, inverted triangle, then their outlines.
  static let shapes = [7, 5, 9, 13, 11, 6, 4, 8]

  /// Colours of reference lines that belong to several curves.
  static let greys = ["#000000", "#7F7F7F", "#4C4C4C"]

  static func colour(_ index: Int) -> String { palette[index % palette.count] }
  static func shape(_ index: Int) -> Int { shapes[index % shapes.count] }

  let name: String
  var title: String
  private let width: Int
  private let height: Int
  /// The number of plots side by side under one title; nil for a single plot.
  private let panels: Int?

  /// A picture of `width` x `height` pixels. The legend goes below the plot area, where it cannot cover data.
  init(name: String, title: String, width: Int = 960, height: Int = 600, panels: Int? = nil) {
    self.name = name
    self.title = title
    self.width = width
    self.height = height
    self.panels = panels
  }

  /// The lines before those of the plot. Equal input gives equal bytes: no date, no random ids.
  private var header: [String] {
    let title = "\(Self.quoted(title)) font 'Arial,17'"
    return [
      // Plot names are file names that `fileName` made safe, here and below.
      "# Draws \(name).svg from \(name).csv: run `gnuplot \(name).gp` in this directory.",
      // `noenhanced`: names hold underscores.
      "set terminal svg size \(width),\(height) noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'",
      "set output '\(name).svg'",
      "set encoding utf8",
      "set datafile separator comma",
      "set datafile missing ''",
      panels.map { "set multiplot layout 1,\($0) title \(title)" } ?? "set title \(title)",
      "set border 3 linewidth 1.2 linecolor '#404040'",
      "set tics nomirror out textcolor '#202020'",
      "set grid linecolor '#E4E4E4' linetype 1 linewidth 1",
      "set bars small",
    ]
  }

  mutating func add(_ line: String) { lines.append(line) }

  /// Draws the elements on top of each other.
  mutating func plot(_ elements: [String]) {
    lines.append("plot " + elements.joined(separator: ", \\\n  "))
  }

  var text: String { (header + lines).joined(separator: "\n") + "\n" }

  /// Places a legend of `titles` below the axis label, in as many columns as fit, at most `most`. The margin is set
  /// by hand, because the legend runs into the label with gnuplot's own.
  mutating func legendBelow(_ titles: [String], most: Int = 3) {
    // A letter is about 8 pixels wide at this size; the sample and the gaps of an entry take 75.
    let longest = titles.map { displayWidth($0) }.max() ?? 0
    let columns = max(1, min(most, 900 / (8 * longest + 75)))
    let rows = (titles.count + columns - 1) / columns
    add("set bmargin \(significant(4.6 + 1.3 * Double(rows), 3))")
    add(
      "set key at screen 0.5, screen 0.015 bottom center horizontal maxcols \(columns) samplen 2.5 spacing 1.15 font 'Arial,14'"
    )
  }

  /// Labels at a round step from 0 to `most`: `'150 k' 150000.0`.
  static func linearTics(upTo most: Double) -> String {
    guard most > 0 else { return "'0' 0" }
    // The smallest of 1, 2, 5 x 10^k that leaves at most seven steps: labels of four characters then fit side by side.
    let decade = pow(10, log10(most / 7).rounded(.down))
    let step = [1.0, 2, 5, 10].map { $0 * decade }.first { most / $0 <= 7 } ?? 10 * decade
    return (0...(Int(rounding: most / step, .down) ?? 0)).map { index in
      let value = Double(index) * step
      return "'\(tickLabel(value))' \(value)"
    }.joined(separator: ", ")
  }

  /// `0`, `2.5 k`, `150 k`: a decimal prefix and no more digits than needed.
  static func tickLabel(_ value: Double) -> String {
    let prefixes: [(Double, String)] = [(1e9, " G"), (1e6, " M"), (1e3, " k")]
    let prefix = prefixes.first { value >= $0.0 }
    let number = value / (prefix?.0 ?? 1)
    // Steps are round numbers, so that four decimals only remove the rounding of binary fractions.
    let rounded = (number * 1e4).rounded() / 1e4
    return (Int(exactly: rounded).map(String.init) ?? "\(rounded)") + (prefix?.1 ?? "")
  }

  /// A curve with error bars from rows whose first column is `line`, then x, y, low and high; a row without an interval
  /// keeps its point.
  static func curve(_ file: String, line: Int, title: String) -> String {
    "'\(file).csv' skip 1 using ($1 == \(line) ? $2 : NaN):3:(valid(4) ? $4 : $3):(valid(5) ? $5 : $3) with yerrorlines "
      + "linecolor '\(colour(line - 1))' linewidth 2 pointtype \(shape(line - 1)) pointsize 0.9 title \(quoted(title))"
  }

  /// A logarithmic x axis over table or working-set sizes, with labels such as 64 KiB at powers of two.
  mutating func byteAxis(_ label: String, from low: Int, to high: Int) {
    // Half an octave of space on both sides keeps the first and last point off the border.
    add("set xlabel \(Self.quoted(label))")
    add("set logscale x 2")
    add("set xrange [\(Double(low) / 2.0.squareRoot()):\(Double(high) * 2.0.squareRoot())]")
    let first = Int(log2(Double(max(1, low))).rounded(.down))
    let last = Int(log2(Double(max(1, high))).rounded(.up))
    // About ten labels fit side by side.
    let step = max(1, (last - first + 9) / 10)
    let tics = stride(from: first, through: last, by: step).map { "'\(bytes(1 << $0))' \(1 << $0)" }
    add("set xtics (\(tics.joined(separator: ", ")))")
  }

  /// A logarithmic y axis with labels 1, 2, 5 of each decade and room around `values`.
  mutating func decadeAxis(_ label: String, around values: [Double]) {
    let least = (values.min() ?? 1) / 1.4
    let most = (values.max() ?? 1) * 1.4
    add("set logscale y 10")
    add("set yrange [\(least):\(most)]")
    add("set ytics (\(plainDecadeTics(from: least, to: most)))")
    add("set ylabel \(Self.quoted(label))")
  }

  /// Vertical lines at the capacities that lie inside the axis, labelled above the plot area.
  mutating func capacities(_ caches: [(name: String, bytes: Int)], from low: Int, to high: Int) {
    let shown = caches.filter { Double(low) / 1.4 < Double($0.bytes) && Double($0.bytes) < Double(high) * 1.4 }
    guard !shown.isEmpty else { return }
    // The labels take the line under the title.
    add("set title offset 0,0.5")
    add("set tmargin 3.8")
    for cache in shown {
      add(
        "set arrow from \(cache.bytes), graph 0 to \(cache.bytes), graph 1 nohead back dashtype 3 linewidth 1.5 linecolor '#707070'"
      )
      add(
        "set label \(Self.quoted("\(cache.name) \(bytes(cache.bytes))")) at \(cache.bytes), graph 1.03 center font 'Arial,13' textcolor '#505050'"
      )
    }
  }

  /// Text as a gnuplot string: in single quotes, where gnuplot replaces nothing, with single quotes in the text
  /// doubled. In double quotes gnuplot would run text in backquotes as a shell command.
  static func quoted(_ text: String) -> String {
    "'" + singleLine(text).replacing(scalar: "'", with: "''") + "'"
  }

  /// A number as gnuplot reads it; an empty cell for none.
  static func cell(_ value: Double?) -> String? { value.map { "\($0)" } }
}
