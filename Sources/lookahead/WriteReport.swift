import Reports
import RunStore

/// Writes the report of a run, and says which plots could not be drawn. Throws `Interrupted` where it was asked to end.
func writeReport(_ directory: RunDirectory) throws {
  for problem in try RunReport.write(directory).problems { printMessage(problem) }
}
