import Foundation
import Kernels
import TestSupport
import Testing

@testable import Measurement
@testable import Plans
@testable import RunStore

private let layer = AuditLayer.dense(hidden: 512, intermediate: 2048, tokens: 4096)

/// A report of a library that takes `times` nanoseconds for the layer's products.
private func report(_ name: String, _ coreType: String?, _ times: [Double], path: String? = nil) -> CandidateOutcome {
  .timed(
    CandidateReport(
      name: name, version: "1.0", coreType: coreType, path: path ?? "/lib/\(name)",
      timings: zip(layer.products, times).map { product, time in
        // A disturbed sample, which the median ignores.
        CandidateReport.Timing(product: product, samples: [time, time, 50 * time])
      }))
}

/// An audit of `libraries` with given results of its candidates, by `file coreType`.
private func audit(
  _ libraries: [LibraryCandidates], peak: Double? = 200, _ outcomes: [String: CandidateOutcome]
) -> BaselineAudit {
  BaselineAudit(
    [layer], candidates: libraries, peaks: peak.map { [.fp32: $0] } ?? [:],
    measure: { candidate, _ in
      let key = [candidate.file, candidate.coreType].compactMap { $0 }.joined(separator: " ")
      return outcomes[key] ?? .failed("\(key): not there")
    })
}

@Suite(.machine) struct BaselineAuditTests {
  @Test func `the least time over all products of the layer wins`() throws {
    let audit = audit(
      [
        LibraryCandidates(name: "A", files: ["a"], coreTypes: ["wide"]),
        LibraryCandidates(name: "B", files: ["b"], coreTypes: []),
      ],
      [
        "a": report("A", "narrow", [20e6, 20e6]), "a wide": report("A", "wide", [10e6, 13e6]),
        // The fastest second product does not make up for the first.
        "b": report("B", nil, [15e6, 9e6]),
      ])
    #expect(audit.winners == [layer: LibraryCandidate(file: "a", coreType: "wide")])
    #expect(audit.rows.map(\.chosen) == [false, false, true, true, false, false])
    #expect(audit.rows.map(\.coreTypeAsked) == [nil, nil, "wide", "wide", nil, nil])
    let chosen = try #require(audit.rows.first { $0.chosen })
    #expect(chosen.layer == "dense 512-2048-512")
    #expect(chosen.shape == "1024 x 2048 x 512")
    #expect(chosen.medianNanoseconds == 10e6)
    let rate = 2.0 * 1024 * 2048 * 512 / 10e6
    #expect(chosen.gigaflopPerSecond == rate)
    #expect(chosen.fractionOfFMAPeak == rate / 200)
    #expect(chosen.samples == 3)
  }

  @Test func `a candidate that cannot be timed is reported with its reason and not chosen`() {
    let audit = audit(
      [
        LibraryCandidates(name: "Absent", files: ["x", "y"], coreTypes: ["wide"]),
        LibraryCandidates(name: "A", files: ["a"], coreTypes: ["wide", "young"]),
      ],
      [
        "a": report("A", "narrow", [20e6, 20e6]),
        "a wide": .failed("ended by SIGILL"),
        // The library chose another core type than the requested one.
        "a young": report("A", "narrow", [1, 1]),
      ])
    #expect(audit.winners == [layer: LibraryCandidate(file: "a")])
    let rejected = audit.rows.filter { $0.layer == nil }
    #expect(rejected.map(\.library) == ["Absent", "A", "A"])
    #expect(
      rejected.map(\.reason) == [
        "x: not there; y: not there", "ended by SIGILL", "asked for young, found narrow",
      ])
    #expect(rejected.allSatisfy { !$0.chosen && $0.gigaflopPerSecond == nil })
    #expect(rejected[1].coreType == "wide")
  }

  @Test func `what a library picks by itself is not timed twice`() {
    var asked: [LibraryCandidate] = []
    let libraries = [
      LibraryCandidates(name: "A", files: ["a"], coreTypes: ["Wide", "narrow"]),
      LibraryCandidates(name: "also A", files: ["link"], coreTypes: ["narrow"]),
    ]
    let audit = BaselineAudit(
      [layer], candidates: libraries, peaks: [:],
      measure: { candidate, _ in
        asked.append(candidate)
        return report("A", candidate.coreType ?? "wide", [1e6, 1e6], path: "/lib/a")
      })
    #expect(
      asked == [
        LibraryCandidate(file: "a"), LibraryCandidate(file: "a", coreType: "narrow"), LibraryCandidate(file: "link"),
        // The second round.
        LibraryCandidate(file: "a"), LibraryCandidate(file: "a", coreType: "narrow"),
      ])
    #expect(audit.rows.last?.reason == "the same as /lib/a, which is timed already")
    #expect(audit.rows.allSatisfy { $0.fractionOfFMAPeak == nil })
  }

  @Test func `a candidate that may have been disturbed is timed again, and the faster round counts`() {
    var rounds: [String: Int] = [:]
    let times = ["disturbed": [19e6, 10e6], "steady": [11e6, 12e6], "hopeless": [25e6, 1]]
    let audit = BaselineAudit(
      [layer],
      candidates: ["disturbed", "steady", "hopeless"].map { LibraryCandidates(name: $0, files: [$0], coreTypes: []) },
      peaks: [:],
      measure: { candidate, _ in
        let round = rounds[candidate.file, default: 0]
        rounds[candidate.file] = round + 1
        let time = times[candidate.file]?[round] ?? 0
        return report(candidate.file, nil, [time, time])
      })
    #expect(rounds == ["disturbed": 2, "steady": 2, "hopeless": 1])
    #expect(audit.winners == [layer: LibraryCandidate(file: "disturbed")])
    #expect(audit.rows.map(\.medianNanoseconds) == [10e6, 10e6, 11e6, 11e6, 25e6, 25e6])
  }

  @Test func `without any library there is no winner, and without a layer no audit`() {
    let none = audit([LibraryCandidates(name: "A", files: ["a"], coreTypes: [])], [:])
    #expect(none.winners.isEmpty)
    #expect(none.rows.count == 1)
    let idle = BaselineAudit(
      [], candidates: LibraryCandidates.all(), peaks: [:],
      measure: { _, _ in
        Issue.record("timed without a layer")
        return .failed("")
      })
    #expect(idle.rows.isEmpty)
  }

  @Test func `the layers are what the points' workers call, each once`() throws {
    let body = """
      defaults: {tokens: 1536}
      sweeps:
        - {name: a, set: {kernel: dense}, axes: {threads: [1, 2], memory: [local, interleave]}}
        - {name: b, set: {kernel: lookup, projection: dense, tables: 4, table_rows: 16}}
        - {name: c, set: {kernel: lookup, projection: bh4, tables: 4, table_rows: 16}}
      """
    let layers = AuditLayer.all(try Plan(experiment(body), cpuCount: 2).points)
    #expect(layers.map(\.name) == ["dense 512-2048-512", "dense 512-2048-512", "hash 512-16"])
    #expect(
      layers.flatMap(\.products) == [
        ProductShape(m: 1024, n: 2048, k: 512, finish: .biasGELU),
        ProductShape(m: 1024, n: 512, k: 2048, finish: .bias),
        ProductShape(m: 768, n: 2048, k: 512, finish: .biasGELU), ProductShape(m: 768, n: 512, k: 2048, finish: .bias),
        ProductShape(m: 16, n: 256, k: 512),
      ])
  }

  @Test func `a product that would take long is timed on fewer rows, and never on few`() {
    #expect(ProductShape(m: 1024, n: 2048, k: 512).affordable.m == 1024)
    #expect(ProductShape(m: 1024, n: 4096, k: 1024).affordable.m == 256)
    #expect(ProductShape(m: 1024, n: 28_672, k: 8192).affordable.m == 64)
    #expect(ProductShape(m: 1, n: 28_672, k: 8192).affordable.m == 1)
  }

  @Test func `a library measured here is right, and times every product`() throws {
    let products = [ProductShape(m: 5, n: 3, k: 7), ProductShape(m: 1, n: 64, k: 32)]
    guard case .timed(let report) = CandidateReport.measure(LibraryCandidate(file: "libopenblas.so.0"), products) else {
      // A machine without this library cannot run this test.
      return
    }
    #expect(report.name == "OpenBLAS")
    #expect(report.timings.map(\.product) == products)
    #expect(report.timings.allSatisfy { $0.samples.count >= 7 && $0.samples.allSatisfy { $0 > 0 } })
  }

  @Test func `a process that dies or babbles is a candidate that failed, with its last words`() throws {
    try withTemporaryDirectory { directory in
      func outcome(_ script: String) throws -> CandidateOutcome {
        let path = "\(directory)/\(UUID().uuidString)"
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return CandidateProcess(executable: URL(fileURLWithPath: path))
          .measure(LibraryCandidate(file: "libx.so", coreType: "wide"), layer.products)
      }
      let died = try outcome("echo 'libx: no such arch' >&2; kill -ILL $$")
      #expect(died == .failed("ended by SIGILL: it has instructions that this CPU lacks: libx: no such arch"))
      #expect(try outcome("echo hello") == .failed("ended with exit code 0"))
      #expect(try outcome("exit 64") == .failed("ended with exit code 64"))
      // The arguments that the hidden verb understands.
      #expect(
        try outcome("echo \"$@\" >&2; exit 1")
          == .failed(
            "ended with exit code 1: audit-candidate libx.so --core-type wide --product "
              + "1024x2048x512:fp32:bias-gelu --product 1024x512x2048:fp32:bias"))
    }
  }

  @Test func `a product says as an argument all that it is, and nothing else is one`() {
    let products = [
      ProductShape(m: 5, n: 3, k: 7), ProductShape(m: 5, n: 3, k: 7, finish: .bias),
      ProductShape(m: 5, n: 3, k: 7, dtype: .int8),
      ProductShape(m: 5, n: 3, k: 7, dtype: .bf16, finish: .biasGELU, roundsResult: true),
    ]
    #expect(products.map(\.argument).last == "5x3x7:bf16:bias-gelu:rounded")
    for product in products { #expect(ProductShape(argument: product.argument) == product) }
    for text in ["", "5x3", "0x3x7", "5x3x7:bf16", "5x3x7:fp8:none", "5x3x7:bf16:relu", "5x3x7:bf16:bias:maybe"] {
      #expect(ProductShape(argument: text) == nil, "\(text)")
    }
  }

  @Test func `each element type has its own winner and its own peak`() throws {
    let bf16 = AuditLayer.dense(hidden: 512, intermediate: 2048, tokens: 4096, dtype: .bf16)
    let audit = BaselineAudit(
      [layer, bf16],
      candidates: ["wide", "narrow"].map { LibraryCandidates(name: $0, files: [$0], coreTypes: []) },
      peaks: [.fp32: 200, .bf16: 400],
      measure: { candidate, products in
        let dtype = products[0].dtype
        if candidate.file == "wide", dtype == .bf16 { return .failed("no symbol") }
        let time = candidate.file == "wide" ? 10e6 : dtype == .bf16 ? 5e6 : 20e6
        return .timed(
          CandidateReport(
            name: candidate.file, version: nil, coreType: nil, path: candidate.file,
            timings: products.map { CandidateReport.Timing(product: $0, samples: [time]) }))
      })
    #expect(audit.winners == [layer: LibraryCandidate(file: "wide"), bf16: LibraryCandidate(file: "narrow")])
    let chosen = audit.rows.filter(\.chosen)
    #expect(chosen.map(\.layer) == [layer.name, layer.name, "dense 512-2048-512 bf16", "dense 512-2048-512 bf16"])
    #expect(chosen.map(\.dtype) == [.fp32, .fp32, .bf16, .bf16])
    let rate = 2.0 * 1024 * 2048 * 512 / 5e6
    #expect(chosen[2].fractionOfFMAPeak == rate / 400)
    let rejected = audit.rows.filter { $0.layer == nil }
    #expect(rejected.map(\.dtype) == [.bf16])
    #expect(rejected.map(\.reason) == ["no symbol"])
  }

  @Test func `a hash projection in bf16 is audited as a layer of its own, with tokens as rows`() throws {
    let body = """
      sweeps:
        - {name: a, set: {kernel: lookup, projection: dense, tokens: 1000}, axes: {projection_dtype: [fp32, bf16]}}
        - {name: b, set: {kernel: lookup, projection_dtype: bf16}}
      """
    let layers = AuditLayer.all(try Plan(experiment(body), cpuCount: 2).points)
    #expect(layers.map(\.name) == ["hash 512-1024", "hash 512-1024 bf16"])
    #expect(layers.map(\.dtype) == [.fp32, .bf16])
    #expect(layers[0].products.map { [$0.m, $0.n, $0.k] } == [[1024, 256, 512]])
    #expect(layers[1].products.map { [$0.m, $0.n, $0.k] } == [[256, 1024, 512]])
  }

  @Test(arguments: ["libopenblas.so.0", "libdnnl.so.2"], ElementType.allCases)
  func `a library is right in a type before it is timed, or says that it lacks it`(file: String, dtype: ElementType) {
    let products = AuditLayer.dense(hidden: 40, intermediate: 96, tokens: 33, dtype: dtype).products
    switch CandidateReport.measure(LibraryCandidate(file: file), products) {
    case .timed(let report):
      #expect(report.timings.map(\.product) == products)
      #expect(report.timings.allSatisfy { $0.samples.count >= 7 })
    case .failed(let reason):
      // Absent here, or without the type; never wrong.
      #expect(reason.contains("cannot open") || reason.contains("cannot multiply in \(dtype.rawValue)"), "\(reason)")
    }
  }

  @Test func `audit rows come back as they were stored, and a new audit replaces the old`() throws {
    try withTemporaryDirectory { path in
      let store = try RunStore(path: "\(path)/results.sqlite", create: true)
      let timed = AuditRow(
        layer: layer.name, library: "OpenBLAS", version: "0.3.21", coreType: "SkylakeX", coreTypeAsked: "SkylakeX",
        path: "/lib/libopenblas.so.0", product: layer.products[0], samples: 9, medianNanoseconds: 1e7,
        gigaflopPerSecond: 214.7, fractionOfFMAPeak: 0.9, chosen: true)
      let missing = AuditRow(library: "MKL", reason: "not found")
      try store.replace(audit: [missing, missing])
      try store.replace(audit: [timed, missing])
      #expect(try store.rows(AuditRow.self) == [timed, missing])
      let csv = try store.csv(AuditRow.self).split(separator: "\n")
      #expect(
        csv[0]
          == "layer,library,version,core_type,core_type_asked,path,dtype,m,n,k,samples,median_ns,gflop_per_s,fraction_of_fma_peak,chosen,reason"
      )
      #expect(csv[2] == ",MKL,,,,,,,,,,,,,0,not found")
    }
  }

  @Test func `a database of the first schema gets the audit's table and keeps its rows`() throws {
    try withTemporaryDirectory { path in
      let file = "\(path)/results.sqlite"
      let ceiling = CeilingRow(name: "fma_peak_fp32", threads: 1, value: 241, unit: "GFLOP/s")
      let old = try RunStore(path: file, create: true, version: "1")
      try old.replace(ceilings: [ceiling])
      #expect(throws: (any Error).self) { try old.rows(AuditRow.self) }
      try old.close()
      let migrated = try RunStore(path: file, create: false)
      #expect(try migrated.rows(AuditRow.self).isEmpty)
      #expect(try migrated.rows(CeilingRow.self) == [ceiling])
    }
  }
}
