import RunStore
import Support

/// The data of a plot as CSV. Each cell is one line, since gnuplot ends a row at a line break even inside quotes.
struct PlotData {
  private var csv: CSVWriter

  init(header: [String]) { csv = CSVWriter(header: header.map(singleLine)) }

  mutating func append(_ cells: [String?]) { csv.append(cells.map { $0.map(singleLine) }) }

  var text: String { csv.text }
}
