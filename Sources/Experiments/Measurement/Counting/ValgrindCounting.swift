import Foundation
import Kernels
import Plans
import Profiler
import RunStore
import Support

/// Counts a point under valgrind, in a child process, after it has been timed: the rows of the valgrind group, each
/// with a value or the reason why there is none. Never throws: what goes wrong in the child is no failure of the
/// point.
struct ValgrindCounting {
  let group: CounterGroup
  /// Where copies of the program and its libraries are made, and kept for later points.
  let directory: String
  let runID: String
  let point: Point
  var launch = 0
  /// The program that knows the verb; this tool by default.
  var executable = ChildProcess.own
  var valgrind: () throws -> Valgrind = { try Valgrind.installed() }

  /// The kernel that was timed, and its operands.
  struct Timed {
    var prepared: PreparedPoint
    /// The point with what was chosen for it.
    var resolved: Point
    var isa: ISA
    var layer: String?
    var topology: Topology
  }

  /// `estimate` is how long the child is expected to take, in seconds; beyond `limit` it is not even begun.
  func rows(_ timed: Timed, estimate: Double, limit: Double) -> [CounterRow] {
    do { return try count(timed, estimate: estimate, limit: limit) } catch let lacking as any NotAvailableError {
      return missing(.unsupported, bareMessage(lacking))
    } catch {
      return missing(.notCounted, bareMessage(error))
    }
  }

  /// Rows without values.
  func missing(_ quality: CounterQuality, _ reason: String) -> [CounterRow] {
    group.events.map { event in
      row(CounterReading(event: event, quality: quality, reason: singleLine(reason)))
    }
  }

  // MARK: - Details

  private func count(_ timed: Timed, estimate: Double, limit: Double) throws -> [CounterRow] {
    let valgrind = try valgrind()
    let caches = try ValgrindCaches(timed.topology, cpu: timed.prepared.pool.verifiedCPUs[0])
    guard estimate <= limit else {
      throw NotCounted(
        "it would take about \(Int(estimate)) s under valgrind, longer than measure.timeout_seconds, \(Int(limit)) s: "
          + "ask for fewer tokens, or more time")
    }
    var short = timed.resolved.simulated
    // Reserved pages are left to those that are timed; the kernel's work is the same.
    if short.pages == .huge { short.pages = .transparentHuge }
    if let shortage = short.memoryShortage() { throw NotCounted("a second copy of the point \(shortage)") }

    let scratch = "\(directory)/\(UUID().uuidString)"
    try WholeFile.makeDirectory(scratch)
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    let images = try CountingImages(directory, executable: executable)
    let input = UnsafePointer(timed.prepared.input.base)
    var request = CountedPassRequest(
      point: short, isa: timed.isa, layer: timed.layer, cpus: timed.prepared.pool.verifiedCPUs,
      topology: timed.topology, input: "\(scratch)/input")
    try write(UnsafeBufferPointer(start: input, count: short.tokens * short.hidden), to: request.input)
    if let rows = try timed.prepared.kernel.rows(input: input, tokens: short.tokens) {
      let file = "\(scratch)/rows"
      try rows.withUnsafeBufferPointer { try write($0, to: file) }
      request.rows = file
    }
    if let library = timed.prepared.kernel.blas {
      request.library = try images.library(library)
    }

    let output = "\(scratch)/callgrind.out"
    // Ten times what is expected, since the estimate is made for another machine, and the time that a slow disk needs.
    let seconds = min(limit, 60 + 10 * estimate)
    let process = try ChildProcess.run(
      URL(fileURLWithPath: valgrind.executable),
      valgrind.arguments(caches: caches, output: output, program: [images.program, CountedPass.verb]),
      input: LaunchCoding.encoder.encode(request), environment: images.environment, seconds: seconds)
    if let failure = process.failure { throw NotCounted("the pass under valgrind \(failure)") }
    let report = try LaunchCoding.decoder.decode(CountedPassReport.self, from: process.output)
    let totals = try CallgrindTotals(text: readTextFile(output), file: "callgrind.out")
    return rows(totals, tokens: short.tokens, notes: notes(report, timed, caches))
  }

  /// What differs from the pass that was timed.
  private func notes(_ report: CountedPassReport, _ timed: Timed, _ caches: ValgrindCaches) -> [String] {
    var notes = ["caches simulated: \(caches.text)"] + caches.notes
    if report.isa != timed.isa {
      notes.append("counted on the path \(report.isa.rawValue), timed on \(timed.isa.rawValue)")
    }
    let library = timed.prepared.kernel.blas?.fullTitle
    if let counted = report.library, let library, counted != library {
      notes.append("counted with \(counted), timed with \(library)")
    }
    if timed.prepared.pool.threadCount > 1 {
      notes.append("\(timed.prepared.pool.threadCount) threads in turns, on one pair of caches")
    }
    return notes
  }

  /// Over all threads. Where fewer tokens were counted than the point has, values are extrapolated to all of them.
  func rows(_ totals: CallgrindTotals, tokens: Int, notes: [String]) -> [CounterRow] {
    group.events.map { event in
      let name = String(event.dropFirst(Valgrind.pmu.count + 2))
      guard let count = totals.counts[name] else {
        return row(
          CounterReading(
            event: event, quality: .unsupported, reason: "\(totals.creator) wrote no \(name)"))
      }
      var reading = CounterReading(
        event: event, canonical: "\(totals.creator) \(name)", raw: count, value: Double(count), quality: .exact)
      var notes = notes
      if tokens < point.tokens {
        reading.value = Double(count) * Double(point.tokens) / Double(tokens)
        reading.quality = .scaled
        notes.insert("counted on \(tokens) of \(point.tokens) tokens, and extrapolated", at: 0)
      }
      reading.reason = notes.joined(separator: "; ")
      return row(reading)
    }
  }

  private func row(_ reading: CounterReading) -> CounterRow {
    CounterRow(reading, runID: runID, pointID: point.id, launch: launch, group: group, origin: .valgrind)
  }

  private func write<Number>(_ numbers: UnsafeBufferPointer<Number>, to file: String) throws {
    guard FileManager.default.createFile(atPath: file, contents: Data(UnsafeRawBufferPointer(numbers))) else {
      throw FileNotWritten(path: file, reason: String(cString: strerror(errno)))
    }
  }

  /// Why a pass was not counted, or not to its end.
  private struct NotCounted: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
      self.description = description
    }
  }
}

/// Copies of this program and of libraries, as `CountingImage` makes them, in a directory that later points use too.
private struct CountingImages {
  private let directory: String
  let program: String
  let environment: [String: String]

  init(_ directory: String, executable: URL) throws {
    self.directory = directory
    program = try Self.copy(executable.path, in: directory)
    for library in CountingImage.librariesWithDebugInformation() { _ = try Self.copy(library, in: directory) }
    // Copies first, then what lies beside the program itself, which the copy would look for beside itself.
    let folders = [directory, executable.deletingLastPathComponent().path]
    let inherited = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"].map { [$0] } ?? []
    environment = ["LD_LIBRARY_PATH": (folders + inherited).joined(separator: ":"), "VALGRIND_OPTS": ""]
  }

  /// The library that was timed, with the core type that it had; left to itself where valgrind cannot run that one.
  func library(_ library: BLAS) throws -> LibraryCandidate {
    let copy = try Self.copy(library.path, in: directory)
    return LibraryCandidate(file: copy, coreType: library.coreTypeUnderAVX2)
  }

  private static func copy(_ file: String, in directory: String) throws -> String {
    let source = URL(fileURLWithPath: file).resolvingSymlinksInPath()
    let copy = "\(directory)/\(URL(fileURLWithPath: file).lastPathComponent)"
    guard !FileManager.default.fileExists(atPath: copy) else { return copy }
    // Beside its place first: a launch that is killed here must leave no half of it.
    let unfinished = "\(copy).\(getpid())"
    _ = try CountingImage(of: source.path, to: unfinished)
    guard rename(unfinished, copy) == 0 else {
      throw FileNotWritten(path: copy, reason: String(cString: strerror(errno)))
    }
    return copy
  }
}
