import Foundation
import Glibc
import Support

/// A copy of a program or a library that valgrind runs in place of the original.
///
/// It differs from it in two ways. It has no sections: valgrind before 3.20 gives up on debug information as current
/// compilers write it, and without sections it looks for none, while the loader needs none. And fused multiply-adds
/// are additions of the same operands: valgrind 3.19 emulates each element of one by a call and a load of its own,
/// which makes a matrix product 25 times as long and counts eight loads where the CPU makes one. Instructions, accesses
/// and branches are the original's; results are not, so that what depends on them has to be given.
public struct CountingImage {
  /// Fused multiply-adds that were replaced.
  public private(set) var replaced = 0
  /// Stretches of code that could not be walked through to their end; they keep their multiply-adds.
  public private(set) var stretchesLeft = 0

  /// Writes the copy of `original` to `copy`. Throws `InputError` for a file that is no 64-bit ELF file,
  /// `FileNotWritten`.
  public init(of original: String, to copy: String) throws {
    let data: Data
    do { data = try Data(contentsOf: URL(fileURLWithPath: original)) } catch {
      throw InputError(file: original, "expected a program or library to copy: \(plainReason(error))")
    }
    guard let elf = ELF(data) else {
      throw InputError(file: original, "expected a 64-bit ELF file, found another format")
    }
    var bytes = [UInt8](data)
    for stretch in elf.code() { replaceFMAs(in: stretch, &bytes) }
    ELF.removeSections(&bytes)
    let mode = (try? FileManager.default.attributesOfItem(atPath: original))?[.posixPermissions] ?? 0o755
    guard FileManager.default.createFile(atPath: copy, contents: Data(bytes), attributes: [.posixPermissions: mode])
    else { throw FileNotWritten(path: copy, reason: String(cString: strerror(errno))) }
  }

  /// Walks through a stretch from its first byte; only where its instructions end where it does are they what they
  /// seem.
  private mutating func replaceFMAs(in stretch: Range<Int>, _ bytes: inout [UInt8]) {
    let found = bytes.withUnsafeBytes { all -> [Int]? in
      let code = UnsafeRawBufferPointer(rebasing: all[stretch])
      var found: [Int] = []
      var position = 0
      while position < code.count {
        guard let instruction = X86Instruction(code, at: position) else { return nil }
        if instruction.isFMA { found.append(position) }
        position += instruction.length
      }
      return found
    }
    guard let found else {
      stretchesLeft += 1
      return
    }
    bytes.withUnsafeMutableBytes { all in
      for place in found {
        let start = stretch.lowerBound + place
        X86Instruction.replaceFMA(UnsafeMutableRawBufferPointer(rebasing: all[start..<start + 4]))
      }
    }
    replaced += found.count
  }

  /// Whether a file has debug information in it, which valgrind would read.
  static func hasDebugInformation(_ file: String) -> Bool {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: file), options: .alwaysMapped), let elf = ELF(data)
    else {
      return false
    }
    return elf.sectionNames.contains { $0.hasPrefix(".debug_") || $0.hasPrefix(".zdebug_") }
  }

  /// The libraries of this process that have debug information.
  public static func librariesWithDebugInformation() -> [String] {
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
    let maps = SystemFiles().text("proc/self/maps") ?? ""
    let files = Set(
      maps.split(separator: "\n").compactMap { line -> String? in
        let words = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
        guard words.count == 6, words[1].contains("x"), words[5].hasPrefix("/") else { return nil }
        return String(words[5])
      })
    return files.filter { $0 != own && hasDebugInformation($0) }.sorted()
  }
}

/// The parts of a 64-bit little-endian ELF file that say where its functions lie ("System V Application Binary
/// Interface", chapters 4 and 5).
private struct ELF {
  private let data: Data
  private let sections: [Section]
  private let nameSection: Int

  private struct Section {
    var name: Int
    var type: UInt32
    var flags: UInt64
    var offset: Int
    var size: Int
    var entrySize: Int
  }

  init?(_ data: Data) {
    guard data.count >= 64, data.prefix(6).elementsEqual([0x7F, 0x45, 0x4C, 0x46, 2, 1]) else { return nil }
    self.data = data
    let (table, size, count) = data.withUnsafeBytes { bytes in
      (
        Int(clamping: bytes.loadUnaligned(fromByteOffset: 0x28, as: UInt64.self)),
        Int(bytes.loadUnaligned(fromByteOffset: 0x3A, as: UInt16.self)),
        Int(bytes.loadUnaligned(fromByteOffset: 0x3C, as: UInt16.self))
      )
    }
    nameSection = data.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: 0x3E, as: UInt16.self)) }
    guard size >= 64, table > 0, table <= data.count, count * size <= data.count - table else {
      sections = []
      return
    }
    sections = data.withUnsafeBytes { bytes in
      (0..<count).map { index in
        let start = table + index * size
        func word(_ offset: Int) -> Int {
          Int(clamping: bytes.loadUnaligned(fromByteOffset: start + offset, as: UInt64.self))
        }
        return Section(
          name: Int(bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self)),
          type: bytes.loadUnaligned(fromByteOffset: start + 4, as: UInt32.self),
          flags: bytes.loadUnaligned(fromByteOffset: start + 8, as: UInt64.self), offset: word(0x18), size: word(0x20),
          entrySize: word(0x38))
      }
    }
  }

  var sectionNames: [String] {
    guard sections.indices.contains(nameSection) else { return [] }
    let names = sections[nameSection]
    return sections.compactMap { section in
      let start = names.offset + section.name
      guard section.name < names.size, start < data.count else { return nil }
      return String(decoding: data[start..<data.count].prefix(64).prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  /// Where code lies in the file, in stretches that begin and end with an instruction: the functions that symbols
  /// name, and what lies between them in sections of code, which is functions without a symbol and padding.
  func code() -> [Range<Int>] {
    let functions = functions()
    var stretches = functions
    // SHF_EXECINSTR.
    for section in sections where section.flags & 4 != 0 && section.type == 1 {
      guard section.size > 0, section.offset <= data.count, section.size <= data.count - section.offset else {
        continue
      }
      let all = section.offset..<section.offset + section.size
      var position = all.lowerBound
      for function in functions where all.contains(function.lowerBound) {
        if function.lowerBound > position { stretches.append(position..<function.lowerBound) }
        position = max(position, function.upperBound)
      }
      if position < all.upperBound { stretches.append(position..<all.upperBound) }
    }
    return stretches
  }

  /// The functions that the symbol table knows with their sizes; those of the dynamic symbols where the file is
  /// stripped. Each once, in order.
  private func functions() -> [Range<Int>] {
    // SHT_SYMTAB and SHT_DYNSYM.
    guard let table = sections.first(where: { $0.type == 2 }) ?? sections.first(where: { $0.type == 11 }),
      table.entrySize >= 24, table.offset >= 0, table.size >= 0, table.offset <= data.count,
      table.size <= data.count - table.offset
    else { return [] }
    let segments = executableSegments()
    var functions: Set<Range<Int>> = []
    data.withUnsafeBytes { bytes in
      for start in stride(from: table.offset, to: table.offset + table.size - 23, by: table.entrySize) {
        // STT_FUNC and STT_GNU_IFUNC, defined in some section.
        let type = bytes[start + 4] & 0xF
        guard type == 2 || type == 10, bytes.loadUnaligned(fromByteOffset: start + 6, as: UInt16.self) != 0 else {
          continue
        }
        let address = bytes.loadUnaligned(fromByteOffset: start + 8, as: UInt64.self)
        let size = bytes.loadUnaligned(fromByteOffset: start + 16, as: UInt64.self)
        guard size > 0,
          let segment = segments.first(where: { address >= $0.address && address - $0.address < $0.size }),
          size <= segment.size - (address - segment.address)
        else { continue }
        let place = segment.offset + Int(address - segment.address)
        functions.insert(place..<place + Int(size))
      }
    }
    return functions.sorted { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
  }

  /// Segments that are loaded to be executed, as far as they lie in the file.
  private func executableSegments() -> [(address: UInt64, offset: Int, size: UInt64)] {
    data.withUnsafeBytes { bytes in
      let table = Int(clamping: bytes.loadUnaligned(fromByteOffset: 0x20, as: UInt64.self))
      let size = Int(bytes.loadUnaligned(fromByteOffset: 0x36, as: UInt16.self))
      let count = Int(bytes.loadUnaligned(fromByteOffset: 0x38, as: UInt16.self))
      guard size >= 56, table > 0, table <= data.count, count * size <= data.count - table else { return [] }
      return (0..<count).compactMap { index in
        let start = table + index * size
        func word(_ offset: Int) -> UInt64 { bytes.loadUnaligned(fromByteOffset: start + offset, as: UInt64.self) }
        // PT_LOAD with PF_X.
        guard bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self) == 1,
          bytes.loadUnaligned(fromByteOffset: start + 4, as: UInt32.self) & 1 == 1
        else { return nil }
        let (offset, length) = (Int(clamping: word(8)), word(32))
        guard offset <= data.count, length <= UInt64(data.count - offset) else { return nil }
        return (word(16), offset, length)
      }
    }
  }

  /// Makes a header that names no sections; the bytes of the sections stay.
  static func removeSections(_ bytes: inout [UInt8]) {
    for place in Array(0x28..<0x30) + Array(0x3A..<0x40) { bytes[place] = 0 }
  }
}
