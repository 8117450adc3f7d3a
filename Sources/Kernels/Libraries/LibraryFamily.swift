/// A family of libraries: its file names, and the kernels that are worth trying besides those that it chooses.
///
/// Libraries detect the CPU by lists of models, and on a CPU newer than themselves they often fall back to kernels
/// that are far from its peak. Core types are names that a variable of the library accepts, to force others.
public struct LibraryFamily: Sendable {
  public struct CoreType: Sendable {
    public var name: String
    /// The narrowest of our paths that implies the instructions.
    public var isa: ISA
  }

  public var name: String
  /// File names that are tried in turn; the first that loads is used.
  public var files: [String]
  /// The variable that forces a core type; nil where none does.
  public var variable: String?
  public var coreTypes: [CoreType]

  /// All families that an audit tries, in the order of its table.
  public static let known = [
    // OpenBLAS detects CPUs well, but what it knows depends on the build: old builds take Zen 4 for Haswell. SkylakeX
    // and Cooperlake differ in small products only; SapphireRapids exists from 0.3.20 on where the compiler supported
    // it; Haswell and Zen are for AVX2 machines, and on an AVX-512 CPU that splits its vectors they may win.
    LibraryFamily(
      name: "OpenBLAS", files: ["libopenblas.so.0"], variable: "OPENBLAS_CORETYPE",
      coreTypes: [
        CoreType(name: "SkylakeX", isa: .avx512), CoreType(name: "Cooperlake", isa: .avx512),
        CoreType(name: "SapphireRapids", isa: .avx512), CoreType(name: "Zen", isa: .avx2),
        CoreType(name: "Haswell", isa: .avx2),
      ]),
    // BLIS 0.9.0 does not know Zen 4 and later, and runs its portable kernels there. Later versions have zen4.
    // BLIS_ARCH_TYPE is read only as a number: see `BLAS.load`.
    LibraryFamily(
      name: "BLIS", files: ["libblis.so.4", "libblis.so.5"], variable: "BLIS_ARCH_TYPE",
      coreTypes: [
        CoreType(name: "skx", isa: .avx512), CoreType(name: "zen4", isa: .avx512), CoreType(name: "zen3", isa: .avx2),
        CoreType(name: "haswell", isa: .avx2),
      ]),
    // oneDNN dispatches on CPUID's features, never on models, so only the narrower vectors are worth trying.
    LibraryFamily(
      name: "oneDNN", files: ["libdnnl.so.2", "libdnnl.so.3"], variable: "ONEDNN_MAX_CPU_ISA",
      coreTypes: [CoreType(name: "AVX2", isa: .avx512)]),
    // MKL_ENABLE_INSTRUCTIONS has an effect only on Intel CPUs, where MKL's own choice is right.
    LibraryFamily(
      name: "MKL", files: ["libmkl_rt.so.2", "libmkl_rt.so.3", "libmkl_rt.so"], variable: nil, coreTypes: []),
  ]

  /// The core types whose instructions this CPU has.
  func coreTypes(fitting isas: [ISA]) -> [String] {
    coreTypes.filter { isas.contains($0.isa) }.map(\.name)
  }

  /// The family that a file belongs to, by its name: `libscipy_openblas-6cdc3b4a.so` is an OpenBLAS.
  static func of(file: String) -> LibraryFamily? {
    let name = file.split(separator: "/").last.map { $0.lowercased() } ?? ""
    let marks = [("openblas", "OpenBLAS"), ("blis", "BLIS"), ("dnnl", "oneDNN"), ("mkl", "MKL")]
    let family = marks.first { name.contains($0.0) }?.1
    return known.first { $0.name == family }
  }
}

extension BLAS {
  /// The core type to force so that a CPU with AVX2 and no more runs the kernels that this library chose here; nil
  /// where it has to choose others, or takes no word.
  public var coreTypeUnderAVX2: String? {
    guard let coreType, let family = LibraryFamily.of(file: path) else { return nil }
    return family.coreTypes.first { $0.isa == .avx2 && $0.name.lowercased() == coreType.lowercased() }?.name
  }
}
