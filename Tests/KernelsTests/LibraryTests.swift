import Foundation
import Support
import TestSupport
import Testing

@testable import Kernels

/// Every candidate that this machine can load into this process: each library alone and with its first core type.
/// Other core types may have kernels that this CPU cannot run, which would end the tests.
private let loadable: [LibraryCandidate] = LibraryCandidates.all().flatMap { library in
  library.files.flatMap { file in
    ([nil] + library.coreTypes.filter { ["SkylakeX", "Haswell", "skx", "haswell", "AVX2"].contains($0) })
      .map { LibraryCandidate(file: file, coreType: $0) }
  }
}.filter { (try? BLAS.load($0)) != nil }

@Suite(.machine) struct LibraryTests {
  @Test func `a library can be loaded at all`() {
    #expect(!loadable.isEmpty)
  }

  @Test(arguments: loadable, [(1, 1, 1), (3, 5, 7), (17, 33, 9), (64, 31, 130)])
  func `a product equals the reference, with strides and accumulation`(
    candidate: LibraryCandidate, dimensions: (Int, Int, Int)
  ) throws {
    let (m, n, k) = dimensions
    let library = try BLAS.load(candidate)
    let (aStride, bStride, cStride) = (k + 2, k + 1, n + 3)
    var random = RandomSource(seed: 7)
    let a = random.normals(m * aStride)
    let b = random.normals(n * bStride)
    for beta in [Float(0), 1] {
      let before = random.normals(m * cStride)
      // Without accumulation the result is not read, so a NaN there must not matter.
      var c = beta == 0 ? [Float](repeating: .nan, count: m * cStride) : before
      library.multiply(
        m: m, n: n, k: k, a: a, aStride: aStride, bTransposed: b, bStride: bStride, beta: beta, c: &c,
        cStride: cStride)
      for row in 0..<m {
        for column in 0..<cStride {
          let actual = c[row * cStride + column]
          guard column < n else {
            // Between the rows lies memory that is not part of the matrix.
            #expect(beta == 0 ? actual.isNaN : actual == before[row * cStride + column])
            continue
          }
          var expected = beta == 0 ? 0 : Double(before[row * cStride + column])
          for index in 0..<k { expected += Double(a[row * aStride + index]) * Double(b[column * bStride + index]) }
          #expect(abs(Double(actual) - expected) <= 1e-5 * max(1, abs(expected)))
        }
      }
    }
  }

  @Test func `the same candidate is the same library, and another core type another one beside it`() throws {
    for candidate in loadable {
      let library = try BLAS.load(candidate)
      let again = try BLAS.load(candidate)
      #expect(again === library)
      #expect(!library.name.isEmpty)
      if let asked = candidate.coreType { #expect(library.coreType?.lowercased() == asked.lowercased()) }
      // The error must not name the temporary copy from which the library was loaded again.
      #expect(FileManager.default.fileExists(atPath: library.path), "\(library.path)")
    }
  }

  @Test func `a candidate that cannot be loaded says why`() {
    func complaint(_ file: String, _ coreType: String? = nil) -> String {
      do {
        return "loaded \(try BLAS.load(LibraryCandidate(file: file, coreType: coreType)).path)"
      } catch { return "\(error)" }
    }
    #expect(complaint("/nonexistent/libopenblas.so").contains("cannot open shared object file"))
    #expect(complaint("libm.so.6") == "libm.so.6: no symbol cblas_sgemm or dnnl_sgemm")
    #expect(complaint("libm.so.6", "skx") == "libm.so.6: no way is known to force a core type on this library")
  }

  @Test func `core types are those whose instructions the CPU has`() {
    func coreTypes(_ isas: [ISA]) -> [String: [String]] {
      Dictionary(uniqueKeysWithValues: LibraryCandidates.all(isas: isas).map { ($0.name, $0.coreTypes) })
    }
    #expect(coreTypes([.scalar]).values.allSatisfy { $0.isEmpty })
    #expect(coreTypes([.avx2, .scalar])["OpenBLAS"] == ["Zen", "Haswell"])
    #expect(coreTypes([.avx2, .scalar])["BLIS"] == ["zen3", "haswell"])
    // The core types that the library would choose by itself.
    #expect(coreTypes([.avx2, .scalar])["oneDNN"] == [])
    let all = coreTypes(ISA.allCases)
    #expect(all["OpenBLAS"] == ["SkylakeX", "Cooperlake", "SapphireRapids", "Zen", "Haswell"])
    #expect(all["oneDNN"] == ["AVX2"])
    #expect(all["MKL"] == [])
  }

  @Test func `a library given by path gets the core types of its family`() {
    let libraries = LibraryCandidates.all(
      paths: ["/opt/x/libscipy_openblas-6cdc3b4a.so", "/opt/x/libmine.so"], isas: [.avx2])
    #expect(libraries.count == LibraryFamily.known.count + 2)
    #expect(libraries.dropLast().last?.coreTypes == ["Zen", "Haswell"])
    #expect(
      libraries.last == LibraryCandidates(name: "libmine.so", files: ["/opt/x/libmine.so"], coreTypes: []))
  }
}
