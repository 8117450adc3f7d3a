import ArgumentParser
import CacheModel
import InputFiles

/// `machines`: the catalogue of CPUs, and the check of a machine file.
struct MachinesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "machines",
    abstract: "List, show and check machine descriptions.",
    subcommands: [List.self, Show.self, Check.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the machines of the catalogue.")

    @Flag(help: "Print one JSON document.")
    var json = false

    private struct Document: Encodable {
      var machines: [Machine]
    }

    func run() throws {
      let machines = try MachineCatalogue.bundled().machines()
      if json { return try printJSON(Document(machines: machines)) }
      printTable(
        ["name", "cores", "GHz", "last-level cache", "memory", "GB/s", "description"],
        machines.map { machine in
          let last = machine.caches.last
          return [
            machine.name, text(machine.cores), text(machine.frequencyGHz),
            last.map { "\(formatByteCount($0.sizeBytes)) / \($0.sharedByCores) cores" } ?? "-",
            machine.memory.first?.name ?? "-", text(machine.memory.first?.peakGigabytesPerSecond),
            machine.description,
          ]
        })
    }

    private func text<Value>(_ value: Value?) -> String { value.map { "\($0)" } ?? "-" }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a machine with the source of every figure, as a machine file.")

    @Argument(help: "A machine of the catalogue, or a machine file.")
    var name: String

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() throws {
      let machine = try Machine.named(name)
      if json { try printJSON(machine) } else { print(machine.yaml(), terminator: "") }
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check a machine file; say what it is enough for.")

    @Argument(help: "The machine file.")
    var file: String

    @Flag(help: "Print one JSON document.")
    var json = false

    private struct Document: Encodable {
      var file: String
      var name: String
      var valid: Bool
      /// Keys that `project` would still need.
      var missingForProjection: [String]

      enum CodingKeys: String, CodingKey {
        case file, name, valid
        case missingForProjection = "missing_for_projection"
      }
    }

    func run() throws {
      let machine = try Machine(contentsOf: file)
      let missing = machine.keysMissingForProjection
      if json {
        return try printJSON(
          Document(file: file, name: machine.name, valid: true, missingForProjection: missing))
      }
      print(
        missing.isEmpty
          ? "\(file): valid; enough to simulate and to project"
          : "\(file): valid; enough to simulate; to project it still needs \(missing.joined(separator: ", "))")
    }
  }
}
