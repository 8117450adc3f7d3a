import ArgumentParser
import Machines
import Simulation
import Support

/// `fit-policy`: which replacement policies explain the counted misses of cyclic sweeps.
struct FitPolicyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit-policy",
    abstract: "Find the replacement policies that explain counted misses of loops over contiguous memory.",
    discussion: """
      The file is CSV with the header 'bytes,miss_ratio': the size of a loop, such as 1.25MiB, and the misses of the \
      cache level over the accesses to it, as counters saw them once the loop had run a few times. Loops of 0.5 to 2 \
      times the capacity tell most. Each policy is simulated on every loop (docs/reference/model.md, "Counted traffic").
      """)

  @Argument(help: "The counted loops, as CSV.")
  var sweeps: String

  @Option(help: "The machine whose cache was counted: a name of the catalogue or a machine file.")
  var machine: String

  @Option(help: "The name of the cache level; the last one by default.")
  var level: String?

  @Flag(help: "Print one JSON document.")
  var json = false

  func run() throws {
    let cache = try self.cache()
    let fit = try PolicyFit(readSweeps(), of: cache)
    if json {
      return try printJSON(
        PolicyResult(
          level: cache.name, policies: fit.policies,
          candidates: fit.candidates.map { PolicyResult.Candidate(policy: $0.policy, error: $0.error) }))
    }
    printTable(
      ["policy", "error of the miss ratio"],
      fit.candidates.map { [$0.policy.rawValue, "\(($0.error * 10_000).rounded() / 10_000)"] })
    let names = fit.policies.map(\.rawValue).joined(separator: ", ")
    print(names.isEmpty ? "no policy explains the counts" : "the counts are explained by: \(names)")
  }

  private func cache() throws -> CacheDescription {
    let machine = try Machine.named(machine)
    guard let level else { return machine.caches[machine.caches.count - 1] }
    guard let cache = machine.caches.first(where: { $0.name == level }) else {
      let known = machine.caches.map(\.name).joined(separator: ", ")
      throw InputError(key: "--level", "expected a cache of \(machine.name) (\(known)), found \(quote(level))")
    }
    return cache
  }

  private func readSweeps() throws -> [CyclicSweep] {
    let lines = try readTextFile(sweeps).split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.first == "bytes,miss_ratio" else {
      throw InputError(
        file: sweeps, line: 1, "expected the header bytes,miss_ratio, found \(quote(String(lines.first ?? "")))")
    }
    let rows = lines.enumerated().dropFirst().filter { !$0.element.isEmpty }
    guard !rows.isEmpty else { throw InputError(file: sweeps, "expected at least one counted loop, found none") }
    return try rows.map { index, line in
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard cells.count == 2, let bytes = parseByteCount(cells[0]), (64...(1 << 40)).contains(bytes),
        let ratio = parseNumber(cells[1]), (0...1).contains(ratio)
      else {
        throw InputError(
          file: sweeps, line: index + 1,
          "expected a size of 64 bytes to 1 TiB and a miss ratio of 0 to 1, found \(quote(String(line)))")
      }
      return CyclicSweep(bytes: bytes, missRatio: ratio)
    }
  }
}

/// What `fit-policy` reports, under the keys that scripts rely on.
private struct PolicyResult: Encodable {
  struct Candidate: Encodable {
    var policy: ReplacementKind
    var error: Double
  }

  var level: String
  /// Those that explain the counts, the best first.
  var policies: [ReplacementKind]
  var candidates: [Candidate]
}
