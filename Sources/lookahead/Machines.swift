import ArgumentParser
import Machines
import Projection
import Support

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
        ["name", "status", "cores", "GHz", "last-level cache", "memory", "GB/s", "description"],
        machines.map { machine in
          let last = machine.caches.last
          return [
            machine.name, machine.status.rawValue, text(machine.cores), text(machine.frequencyGHz),
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
      if json { try printJSON(machine) } else { printDocument(machine.yaml()) }
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check a machine file, and show whether it suffices to simulate and to project.",
      discussion: """
        Units, ranges and consistency: channels x transfer rate x width = peak, levels that grow and slow down from the \
        core outwards, monotone curves, sources that name a figure. One line per problem, with file and key; exit code 64.
        """)

    @Argument(help: "The machine file.")
    var file: String

    @Flag(help: "Print one JSON document.")
    var json = false

    private struct Document: Encodable {
      struct Problem: Encodable {
        var key: String?
        var line: Int?
        var message: String
      }

      var file: String
      var name: String?
      var valid: Bool
      var problems: [Problem]
      /// Keys that `project` needs and the file lacks.
      var missingForProjection: [String]

      enum CodingKeys: String, CodingKey {
        case file, name, valid, problems
        case missingForProjection = "missing_for_projection"
      }
    }

    func run() throws {
      let check = try MachineCheck(contentsOf: file)
      let missing = check.machine?.keysMissingForProjection ?? []
      if json {
        try printJSON(
          Document(
            file: file, name: check.machine?.name, valid: check.problems.isEmpty,
            problems: check.problems.map { Document.Problem(key: $0.key, line: $0.line, message: $0.message) },
            missingForProjection: missing))
      }
      guard check.problems.isEmpty else {
        for problem in check.problems { printError(problem) }
        throw ExitStatus.invalidInput.code
      }
      if json { return }
      print(
        missing.isEmpty
          ? "\(file): valid; enough to simulate and to project"
          : "\(file): valid; enough to simulate; to project it still needs \(missing.joined(separator: ", "))")
    }
  }
}
