/// The part of oneDNN's C API that a matrix product with fixed weights needs, in versions 2 and 3.
///
/// Handles are opaque pointers in both versions. Version 3 made memory descriptors opaque too, whereas in version 2
/// the caller holds the structure; in both, functions take a pointer to one. Version 3 also describes an operation
/// and creates its primitive descriptor in one call, and removed the scale from eltwise post-operations.
///
/// Unchecked: it holds addresses of functions and one engine, none of which changes after `load`, and oneDNN lets any thread
/// use an engine.
final class OneDNN: @unchecked Sendable {
  typealias Handle = OpaquePointer
  /// A memory descriptor.
  typealias Layout = UnsafeRawPointer

  /// `dnnl_data_type_t`, the same numbers in both versions.
  enum ElementType: CInt {
    case bf16 = 2
    case fp32 = 3
    case int32 = 4
    case int8 = 5
    case uint8 = 6
  }

  /// DNNL_ARG_SRC and so on.
  enum Argument: CInt {
    case source = 1
    case target = 17
    case weights = 33
    case bias = 41
  }

  /// `dnnl_exec_arg_t`.
  struct ExecutionArgument {
    var argument: CInt
    var memory: Handle?
  }

  /// `dnnl_status_t`: 0 is success, 3 `dnnl_unimplemented`, in versions 2 and 3 alike.
  struct Failure: Error, CustomStringConvertible {
    var call: String
    var status: CInt
    var description: String { status == 3 ? "\(call): not implemented" : "\(call) failed with status \(status)" }
  }

  private typealias Out = UnsafeMutablePointer<Handle?>
  private typealias Dimensions = UnsafePointer<Int64>

  private let major: Int
  private let engine: Handle
  private let functions: Functions

  /// All function addresses, looked up once. The types of functions that differ between versions are given at their
  /// calls.
  private struct Functions {
    var streamCreate: @convention(c) (Out, Handle, CUnsignedInt) -> CInt
    var streamDestroy: @convention(c) (Handle) -> CInt
    var memoryCreate: @convention(c) (Out, Layout, Handle, UnsafeMutableRawPointer?) -> CInt
    var memoryDestroy: @convention(c) (Handle) -> CInt
    var memorySetHandle: @convention(c) (Handle, UnsafeMutableRawPointer?) -> CInt
    var layoutSize: @convention(c) (Layout) -> Int
    var layoutEqual: @convention(c) (Layout, Layout) -> CInt
    var primitiveCreate: @convention(c) (Out, Handle) -> CInt
    var primitiveDestroy: @convention(c) (Handle) -> CInt
    var primitiveExecute: @convention(c) (Handle, Handle, CInt, UnsafeRawPointer) -> CInt
    var descriptorDestroy: @convention(c) (Handle) -> CInt
    var descriptorLayout: @convention(c) (Handle, CInt, CInt) -> Layout?
    var reorderCreate: @convention(c) (Out, Layout, Handle, Layout, Handle, Handle?) -> CInt
    var attributesCreate: @convention(c) (Out) -> CInt
    var attributesDestroy: @convention(c) (Handle) -> CInt
    var attributesSetPostOperations: @convention(c) (Handle, Handle) -> CInt
    var postOperationsCreate: @convention(c) (Out) -> CInt
    var postOperationsDestroy: @convention(c) (Handle) -> CInt
    /// These differ between the versions.
    var appendEltwise: UnsafeMutableRawPointer
    var layoutByTag: UnsafeMutableRawPointer
    var layoutByStrides: UnsafeMutableRawPointer
    var matmul: UnsafeMutableRawPointer
    /// Version 2 only.
    var descriptorCreate: UnsafeMutableRawPointer?
    /// Version 3 only.
    var layoutDestroy: UnsafeMutableRawPointer?
  }

  /// The interface of a loaded library. Throws `UnsupportedProduct` where it has none that is known here. `runtime`
  /// is `dnnl_version_t.cpu_runtime`: it must be possible to limit the library to the worker's thread.
  static func load(
    _ symbols: LibrarySymbols, major: Int?, runtime: CUnsignedInt?
  ) -> Result<OneDNN, UnsupportedProduct> {
    Result {
      let (sequential, openMP): (CUnsignedInt, CUnsignedInt) = (1, 2)
      guard runtime == sequential || runtime == openMP else {
        throw UnsupportedProduct(
          "expected a build without threads or with OpenMP, which can be held to one; found runtime "
            + (runtime.map { "\($0)" } ?? "unknown"))
      }
      guard let major, major == 2 || major == 3 else {
        throw UnsupportedProduct(
          "expected version 2 or 3 of its matmul primitives, found \(major.map(String.init) ?? "none")")
      }
      do { return try OneDNN(symbols, major: major) } catch let failure as Failure {
        throw UnsupportedProduct("\(failure)")
      }
    }.mapError { $0 as? UnsupportedProduct ?? UnsupportedProduct("\($0)") }
  }

  private init(_ symbols: LibrarySymbols, major: Int) throws {
    func address(_ name: String) throws -> UnsafeMutableRawPointer {
      guard let address = symbols.address("dnnl_" + name) else { throw UnsupportedProduct("no symbol dnnl_\(name)") }
      return address
    }
    func function<Function>(_ name: String) throws -> Function {
      unsafeBitCast(try address(name), to: Function.self)
    }
    self.major = major
    functions = Functions(
      streamCreate: try function("stream_create"), streamDestroy: try function("stream_destroy"),
      memoryCreate: try function("memory_create"), memoryDestroy: try function("memory_destroy"),
      memorySetHandle: try function("memory_set_data_handle"), layoutSize: try function("memory_desc_get_size"),
      layoutEqual: try function("memory_desc_equal"), primitiveCreate: try function("primitive_create"),
      primitiveDestroy: try function("primitive_destroy"), primitiveExecute: try function("primitive_execute"),
      descriptorDestroy: try function("primitive_desc_destroy"),
      descriptorLayout: try function("primitive_desc_query_md"),
      reorderCreate: try function("reorder_primitive_desc_create"),
      attributesCreate: try function("primitive_attr_create"),
      attributesDestroy: try function("primitive_attr_destroy"),
      attributesSetPostOperations: try function("primitive_attr_set_post_ops"),
      postOperationsCreate: try function("post_ops_create"), postOperationsDestroy: try function("post_ops_destroy"),
      appendEltwise: try address("post_ops_append_eltwise"),
      layoutByTag: try address(major == 2 ? "memory_desc_init_by_tag" : "memory_desc_create_with_tag"),
      layoutByStrides: try address(major == 2 ? "memory_desc_init_by_strides" : "memory_desc_create_with_strides"),
      matmul: try address(major == 2 ? "matmul_desc_init" : "matmul_primitive_desc_create"),
      descriptorCreate: major == 2 ? try address("primitive_desc_create") : nil,
      layoutDestroy: major == 3 ? try address("memory_desc_destroy") : nil)
    let createEngine: @convention(c) (Out, CInt, Int) -> CInt = try function("engine_create")
    let cpu: CInt = 1  // dnnl_cpu
    // The engine is kept until the process ends, as the library is.
    engine = try Self.made("dnnl_engine_create") { createEngine($0, cpu, 0) }
  }

  private static func check(_ call: String, _ status: CInt) throws {
    if status != 0 { throw Failure(call: call, status: status) }
  }

  /// The handle that `create` writes.
  private static func made(_ call: String, _ create: (Out) -> CInt) throws -> Handle {
    var handle: Handle?
    try check(call, create(&handle))
    guard let handle else { throw Failure(call: call, status: -1) }
    return handle
  }

  // MARK: - Layouts

  /// A memory descriptor that this object owns.
  final class OwnedLayout {
    let pointer: Layout
    private let free: () -> Void

    fileprivate init(_ pointer: Layout, free: @escaping () -> Void) {
      self.pointer = pointer
      self.free = free
    }

    deinit { free() }
  }

  /// A matrix (or vector) of `dimensions` with `strides` in elements; without strides, in the layout that the library
  /// prefers.
  func layout(_ dimensions: [Int], _ type: ElementType, strides: [Int]?) throws -> OwnedLayout {
    let sizes = dimensions.map { Int64($0) }
    let steps = strides?.map { Int64($0) }
    let any: CInt = 1  // dnnl_format_tag_any
    func describe(_ target: UnsafeMutableRawPointer) -> CInt {
      // A pointer to the descriptor itself (version 2) or to its handle (version 3).
      if let steps {
        typealias ByStrides = @convention(c) (UnsafeMutableRawPointer, CInt, Dimensions, CInt, Dimensions) -> CInt
        return unsafeBitCast(functions.layoutByStrides, to: ByStrides.self)(
          target, CInt(sizes.count), sizes, type.rawValue, steps)
      }
      typealias ByTag = @convention(c) (UnsafeMutableRawPointer, CInt, Dimensions, CInt, CInt) -> CInt
      return unsafeBitCast(functions.layoutByTag, to: ByTag.self)(target, CInt(sizes.count), sizes, type.rawValue, any)
    }
    guard major == 3 else {
      let memory = UnsafeMutableRawPointer.allocate(byteCount: Self.structureBytes, alignment: 16)
      let layout = OwnedLayout(memory) { memory.deallocate() }
      try Self.check("dnnl_memory_desc_init", describe(memory))
      return layout
    }
    let handle = try Self.made("dnnl_memory_desc_create") { describe(UnsafeMutableRawPointer($0)) }
    typealias Destroy = @convention(c) (Handle) -> CInt
    let destroy = functions.layoutDestroy.map { unsafeBitCast($0, to: Destroy.self) }
    return OwnedLayout(UnsafeRawPointer(handle)) { _ = destroy?(handle) }
  }

  /// Room for version 2's `dnnl_memory_desc_t` (696 bytes in 2.6) and `dnnl_matmul_desc_t` (2,800), which contains
  /// several of the former; they grew by a few bytes per release.
  private static let structureBytes = 16_384

  func bytes(_ layout: Layout) -> Int { functions.layoutSize(layout) }

  func equal(_ one: Layout, _ other: Layout) -> Bool { functions.layoutEqual(one, other) != 0 }

  // MARK: - Primitives

  /// A primitive and the layout in which it expects its weights.
  final class Primitive {
    fileprivate let handle: Handle
    private let descriptor: Handle
    private let library: OneDNN

    fileprivate init(_ descriptor: Handle, _ library: OneDNN) throws {
      self.descriptor = descriptor
      self.library = library
      do {
        handle = try OneDNN.made("dnnl_primitive_create") { library.functions.primitiveCreate($0, descriptor) }
      } catch {
        _ = library.functions.descriptorDestroy(descriptor)
        throw error
      }
    }

    deinit {
      _ = library.functions.primitiveDestroy(handle)
      _ = library.functions.descriptorDestroy(descriptor)
    }

    /// The layout is valid as long as the primitive.
    func weightsLayout() throws -> Layout {
      let query: CInt = 131  // dnnl_query_weights_md
      guard let layout = library.functions.descriptorLayout(descriptor, query, 0) else {
        throw Failure(call: "dnnl_primitive_desc_query_md", status: -1)
      }
      return layout
    }
  }

  /// target = GELU(source x weights + bias), without the parts that are nil or false.
  func matmul(
    source: OwnedLayout, weights: OwnedLayout, bias: OwnedLayout?, target: OwnedLayout, gelu: Bool
  ) throws -> Primitive {
    let attributes = gelu ? try geluAttributes() : nil
    defer { if let attributes { _ = functions.attributesDestroy(attributes) } }
    let descriptor: Handle
    if major == 2 {
      typealias Initialise =
        @convention(c) (UnsafeMutableRawPointer, Layout, Layout, Layout?, Layout) -> CInt
      typealias Create = @convention(c) (Out, UnsafeRawPointer, Handle?, Handle, Handle?) -> CInt
      guard let create = functions.descriptorCreate.map({ unsafeBitCast($0, to: Create.self) }) else {
        throw Failure(call: "dnnl_primitive_desc_create", status: -1)
      }
      let operation = UnsafeMutableRawPointer.allocate(byteCount: Self.structureBytes, alignment: 16)
      defer { operation.deallocate() }
      try Self.check(
        "dnnl_matmul_desc_init",
        unsafeBitCast(functions.matmul, to: Initialise.self)(
          operation, source.pointer, weights.pointer, bias?.pointer, target.pointer))
      descriptor = try Self.made("dnnl_primitive_desc_create") { create($0, operation, attributes, engine, nil) }
    } else {
      typealias Create = @convention(c) (Out, Handle, Layout, Layout, Layout?, Layout, Handle?) -> CInt
      let create = unsafeBitCast(functions.matmul, to: Create.self)
      descriptor = try Self.made("dnnl_matmul_primitive_desc_create") {
        create($0, engine, source.pointer, weights.pointer, bias?.pointer, target.pointer, attributes)
      }
    }
    return try Primitive(descriptor, self)
  }

  /// Attributes with one post-operation: GELU by the error function.
  private func geluAttributes() throws -> Handle {
    let operations = try Self.made("dnnl_post_ops_create") { functions.postOperationsCreate($0) }
    defer { _ = functions.postOperationsDestroy(operations) }
    if major == 2 {
      typealias Append = @convention(c) (Handle, Float, CInt, Float, Float) -> CInt
      let geluByErf: CInt = 0x30
      try Self.check(
        "dnnl_post_ops_append_eltwise",
        unsafeBitCast(functions.appendEltwise, to: Append.self)(operations, 1, geluByErf, 0, 0))
    } else {
      typealias Append = @convention(c) (Handle, CInt, Float, Float) -> CInt
      let geluByErf: CInt = 0x31
      try Self.check(
        "dnnl_post_ops_append_eltwise",
        unsafeBitCast(functions.appendEltwise, to: Append.self)(operations, geluByErf, 0, 0))
    }
    let attributes = try Self.made("dnnl_primitive_attr_create") { functions.attributesCreate($0) }
    do {
      try Self.check("dnnl_primitive_attr_set_post_ops", functions.attributesSetPostOperations(attributes, operations))
    } catch {
      _ = functions.attributesDestroy(attributes)
      throw error
    }
    return attributes
  }

  /// Copies a matrix from one layout to another.
  func reorder(_ source: UnsafeRawPointer, _ from: Layout, to target: UnsafeMutableRawPointer, _ layout: Layout) throws
  {
    let descriptor = try Self.made("dnnl_reorder_primitive_desc_create") {
      functions.reorderCreate($0, from, engine, layout, engine, nil)
    }
    let primitive = try Primitive(descriptor, self)
    let execution = try Execution(
      primitive, self,
      [(.source, from, UnsafeMutableRawPointer(mutating: source)), (.target, layout, target)])
    try execution.run()
  }

  /// A primitive with its arguments and its own stream, for one thread. It keeps the primitive alive.
  final class Execution {
    private let primitive: Primitive
    private let library: OneDNN
    private var stream: Handle?
    private var arguments: [ExecutionArgument] = []

    init(
      _ primitive: Primitive, _ library: OneDNN,
      _ operands: [(argument: Argument, layout: Layout, base: UnsafeMutableRawPointer?)]
    ) throws {
      self.primitive = primitive
      self.library = library
      let inOrder: CUnsignedInt = 1  // dnnl_stream_in_order, the default
      stream = try OneDNN.made("dnnl_stream_create") { library.functions.streamCreate($0, library.engine, inOrder) }
      for (argument, layout, base) in operands {
        let memory = try OneDNN.made("dnnl_memory_create") {
          library.functions.memoryCreate($0, layout, library.engine, base)
        }
        arguments.append(ExecutionArgument(argument: argument.rawValue, memory: memory))
      }
    }

    deinit {
      for argument in arguments { if let memory = argument.memory { _ = library.functions.memoryDestroy(memory) } }
      if let stream { _ = library.functions.streamDestroy(stream) }
    }

    /// Sets the memory of the argument at `index` of the operands.
    func move(_ index: Int, to base: UnsafeMutableRawPointer) {
      if let memory = arguments[index].memory { _ = library.functions.memorySetHandle(memory, base) }
    }

    func run() throws { try OneDNN.check("dnnl_primitive_execute", execute()) }

    /// Executes the primitive and returns its status. On a CPU the call returns when the work is done.
    @discardableResult
    func execute() -> CInt {
      guard let stream else { return -1 }
      return library.functions.primitiveExecute(primitive.handle, stream, CInt(arguments.count), arguments)
    }
  }
}
