import Reports
import RunStore

/// Writes the report of a run, and prints which plots could not be drawn. Throws `Interrupted` on a request to end.
func writeReport(_ directory: RunDirectory) throws {
  for problem in try RunReport.write(directory).problems { printMessage(problem) }
}
