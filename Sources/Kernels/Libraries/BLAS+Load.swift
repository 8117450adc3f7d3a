import CLinux
import Foundation
import Support
import Synchronization

extension BLAS {
  /// Names that are tried in turn where no audit has chosen: Debian's OpenBLAS, BLIS, then any library that provides
  /// the system's `libblas` with cblas symbols.
  private static let defaultFiles = ["libopenblas.so.0", "libblis.so.4", "libcblas.so.3", "libblas.so.3"]

  /// Loads the library at `path`, or the first of the known names that this system has.
  public static func load(path: String? = nil) throws -> BLAS {
    try requireLoader(path)
    var reasons: [String] = []
    for file in path.map({ [$0] }) ?? defaultFiles {
      do {
        return try load(LibraryCandidate(file: file))
      } catch let error as LibraryNotLoaded {
        reasons.append(error.description)
      }
    }
    throw InputError(
      file: path,
      "expected a BLAS library with cblas_sgemm (Debian: apt-get install libopenblas0-pthread); "
        + reasons.joined(separator: "; "))
  }

  /// The first library found that multiplies in `dtype`. Throws `NotAvailable` that says what each library lacks.
  public static func load(for dtype: TableType) throws -> BLAS {
    guard dtype != .fp32 else { return try load() }
    try requireLoader()
    var incapable: [String] = []
    var missing: [String] = []
    var hasOneDNN = false
    // oneDNN comes first, because it has every type on every CPU that has an instruction for it.
    for file in ["libdnnl.so.2", "libdnnl.so.3"] + LibraryFamily.known.flatMap(\.files).filter({ !$0.contains("dnnl") })
    {
      do {
        let library = try load(LibraryCandidate(file: file))
        if file.contains("dnnl") { hasOneDNN = true }
        try library.requireProduct(of: dtype)
        return library
      } catch let error as LibraryNotLoaded {
        missing.append(error.description)
      } catch { incapable.append("\(error)") }
    }
    // Advice to install a library that is present would be useless, and a missing library is a reason only where none
    // is present.
    throw NotAvailable(
      key: "dtype",
      "expected a library that multiplies in \(dtype.rawValue)"
        + (hasOneDNN ? "; " : " (Debian: apt-get install libdnnl2); ")
        + (incapable.isEmpty ? missing : incapable).joined(separator: "; "))
  }

  private static func requireLoader(_ path: String? = nil) throws {
    guard linux_can_load_libraries() else {
      throw NotAvailable(
        key: path, "expected a dynamically linked executable, since this one is static and cannot load a BLAS library")
    }
  }

  /// Throws `UnsupportedProduct` where the library cannot multiply in `dtype` on this CPU, or saturates sums of int8 products.
  public func requireProduct(of dtype: TableType) throws {
    guard dtype != .fp32, let kernels = ISA.scalar.microKernels else { return }
    // One register tile with the largest operands: 255 x 127 in int8, and 1 in bf16.
    let size = 16
    let depth = 64
    let memory = HeapMemory()
    let (input, weight): (UInt16, UInt16) = dtype == .int8 ? (0xFFFF, 0x7F7F) : (0x3F80, 0x3F80)
    func operand(_ word: UInt16, for role: MemoryRole) throws -> FloatBuffer {
      let buffer = try memory.floats((size * depth * dtype.bytes + 3) / 4, for: role)
      let words = UnsafeMutableRawPointer(buffer.base)
      for offset in stride(from: 0, to: size * depth * dtype.bytes, by: 2) {
        words.storeBytes(of: word, toByteOffset: offset, as: UInt16.self)
      }
      return buffer
    }
    let weights = try operand(weight, for: .weights)
    let x = try operand(input, for: .scratch(worker: 0))
    let y = try memory.floats(size * size, for: .scratch(worker: 0))
    let product = try prepare(
      LayerProduct(n: size, k: depth, dtype: dtype, finish: .none),
      weights: ProductWeights(values: weights.base, bias: nil), kernels: kernels.pointee, memory: memory)
    do {
      let call = try product.call(rows: size, memory: memory, role: .scratch(worker: 0))
      call.run(x: x.base, y: y.base)
    } catch let error as UnsupportedProduct {
      throw UnsupportedProduct("\(title) cannot multiply in \(dtype.rawValue) on this CPU: \(error)")
    }
    guard dtype == .int8 else { return }
    // Without vpdpbusd (VNNI), libraries multiply with vpmaddubsw, whose sums of two products stop at 32,767.
    let sums = UnsafeRawPointer(y.base)
    let exact = Int32(depth * 255 * 127)
    for place in 0..<size * size where sums.load(fromByteOffset: 4 * place, as: Int32.self) != exact {
      throw UnsupportedProduct(
        "\(title) cannot multiply in int8 on this CPU: its sums saturate, as they do without vpdpbusd (VNNI)")
    }
  }

  /// Loads `candidate` once per process; the same candidate gives the same object. Throws `LibraryNotLoaded`.
  public static func load(_ candidate: LibraryCandidate) throws -> BLAS {
    try loaded.withLock { loaded in
      if let library = loaded[candidate] { return library }
      let library = try BLAS(loading: candidate)
      loaded[candidate] = library
      return library
    }
  }

  private static let loaded = Mutex<[LibraryCandidate: BLAS]>([:])

  private convenience init(loading candidate: LibraryCandidate) throws {
    LibraryVariables.clear()
    // These variables are set while the library loads. It must not start a pool of spinning threads beside our
    // workers, and it chooses its kernels only once, when it loads or is first called.
    var variables = ["OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"]
    for variable in variables { setenv(variable, "1", 1) }
    if let coreType = candidate.coreType {
      guard let variable = LibraryFamily.of(file: candidate.file)?.variable else {
        throw LibraryNotLoaded("\(candidate.file): no way is known to force a core type on this library")
      }
      setenv(variable, coreType, 1)
      variables.append(variable)
    }
    defer { for variable in variables { unsetenv(variable) } }

    let (handle, original) = try openSeparately(candidate.file)
    let symbols = LibrarySymbols(handle: handle)
    if let coreType = candidate.coreType, LibraryFamily.of(file: candidate.file)?.name == "BLIS" {
      // BLIS expects its own number of a configuration and reads any word as number 0. It reads the variable at its
      // first call.
      guard let number = CBLASBackend.blisNumber(ofArchitecture: coreType, symbols) else {
        throw LibraryNotLoaded("this build has no configuration \(coreType)")
      }
      setenv("BLIS_ARCH_TYPE", "\(number)", 1)
    }
    guard let backend: any ProductBackend = OneDNNBackend(symbols) ?? CBLASBackend(symbols) else {
      throw LibraryNotLoaded("\(candidate.file): no symbol cblas_sgemm or dnnl_sgemm")
    }
    self.init(backend, path: original ?? fileBehind(symbols) ?? candidate.file)
    // This first call makes the library finish its set-up while our variables are set.
    var product: Float = 0
    multiply(m: 1, n: 1, k: 1, a: [1], aStride: 1, bTransposed: [1], bStride: 1, beta: 0, c: &product, cStride: 1)
  }
}

/// A library that cannot be used, with the reason.
public struct LibraryNotLoaded: NotAvailableError {
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// Opens a library in a state of its own. A library that the process has loaded already has chosen its kernels, so a
/// copy of its file is opened, which the loader takes for another library; `original` is the file that was copied.
private func openSeparately(_ file: String) throws -> (handle: UnsafeMutableRawPointer, original: String?) {
  guard linux_can_load_libraries() else {
    throw LibraryNotLoaded("\(file): a static executable cannot load libraries")
  }
  if let present = dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD),
    let original = fileBehind(LibrarySymbols(handle: present))
  {
    let copy = FileManager.default.temporaryDirectory.appendingPathComponent("lookahead-\(UUID().uuidString).so")
    do {
      try FileManager.default.copyItem(
        at: URL(fileURLWithPath: original).resolvingSymlinksInPath(), to: copy)
    } catch {
      throw LibraryNotLoaded("\(original): expected to copy it to load it once more: \(plainReason(error))")
    }
    // The mapping remains when the name is removed.
    defer { try? FileManager.default.removeItem(at: copy) }
    return (try open(copy.path), original)
  }
  return (try open(file), nil)
}

private func open(_ file: String) throws -> UnsafeMutableRawPointer {
  guard let handle = dlopen(file, RTLD_NOW | RTLD_LOCAL) else {
    throw LibraryNotLoaded(dlerror().map { String(cString: $0) } ?? "\(file): cannot be loaded")
  }
  return handle
}

/// The file that contains the product, which may differ from the opened one: libblas is often a front end of
/// OpenBLAS. Nil where the loader does not report it.
private func fileBehind(_ symbols: LibrarySymbols) -> String? {
  guard let product = symbols.address("dnnl_sgemm", "cblas_sgemm", "scipy_cblas_sgemm") else { return nil }
  guard let name = linux_file_of(product) else { return nil }
  let file = String(cString: name)
  return file.hasPrefix("/") ? file : nil
}
