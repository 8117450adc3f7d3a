import ArgumentParser
import Plans

struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Print the JSON Schema of experiment files, with which editors complete and check them.",
    discussion: "The same as docs/experiment.schema.json, from this build's own parser.")

  func run() throws {
    printDocument(try ExperimentSchema.json())
  }
}
