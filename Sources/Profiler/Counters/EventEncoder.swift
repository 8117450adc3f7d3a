import CLibPFM
import Glibc
import Support

/// Looks event names up in libpfm's tables: `[pmu::]EVENT[:umask][:modifier[=value]]`.
///
/// Any x86 table can be used on any machine, with its PMU's name as the prefix. Only opening a counter shows whether
/// the machine can count the event.
public enum EventEncoder {
  /// Encodes `name`. Throws `InputError` with the nearest known names where it is unknown.
  public static func encode(_ name: String, privilege: PrivilegeLevels = .user) throws -> EncodedEvent {
    try Library.start()
    var attribute = perf_event_attr()
    var canonical: UnsafeMutablePointer<CChar>?
    let levels = privilege == .user ? PFM_PLM3 : PFM_PLM3 | PFM_PLM0
    let result = withUnsafeMutablePointer(to: &attribute) { attribute in
      withUnsafeMutablePointer(to: &canonical) { canonical in
        var request = pfm_perf_encode_arg_t()
        request.attr = attribute
        request.fstr = canonical
        request.size = MemoryLayout<pfm_perf_encode_arg_t>.size
        return pfm_get_os_event_encoding(name, levels, PFM_OS_PERF_EVENT_EXT, &request)
      }
    }
    defer { free(canonical) }
    guard result == PFM_SUCCESS else { throw EventCatalogue.explain(unknown: name, code: result) }
    return EncodedEvent(
      name: name,
      canonical: canonical.map { String(cString: $0) } ?? name,
      type: attribute.type,
      config: attribute.config,
      attribute: withUnsafeBytes(of: &attribute) { Array($0) })
  }

  /// libpfm's state, of which a process has one.
  enum Library {
    private static let result: Int32 = {
      // pfm_initialize reads this once; it makes the tables of other CPUs usable for encoding.
      setenv("LIBPFM_ENCODE_INACTIVE", "1", 1)
      return pfm_initialize()
    }()

    static func start() throws {
      guard result == PFM_SUCCESS else {
        throw SystemError(call: "pfm_initialize", code: ENOSYS, advice: text(result))
      }
    }

    static func text(_ code: Int32) -> String {
      pfm_strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }
  }
}
