/// Where an x86-64 instruction ends, and whether it is a fused multiply-add: enough to walk through compiled code.
///
/// Lengths follow the opcode maps of the Intel 64 and IA-32 manual, volume 2, appendix A. What compilers and
/// assemblers do not write in 64-bit code (far pointers, XOP, 3DNow) is not known, which ends a walk.
struct X86Instruction: Equatable {
  var length: Int
  /// Whether it is a multiply-add of the FMA extension with VEX encoding.
  var isFMA = false

  /// The instruction at `start` of `code`; nil where it is not known, or does not end within `code`.
  init?(_ code: UnsafeRawBufferPointer, at start: Int) {
    var reader = Reader(code: code, position: start)
    guard let isFMA = reader.instruction(), reader.position <= code.count else { return nil }
    length = reader.position - start
    self.isFMA = isFMA
  }

  private struct Reader {
    let code: UnsafeRawBufferPointer
    var position: Int

    private mutating func byte() -> UInt8? {
      guard position < code.count else { return nil }
      defer { position += 1 }
      return code[position]
    }

    /// Reads one instruction; whether it is a fused multiply-add, or nil.
    mutating func instruction() -> Bool? {
      var isNarrow = false
      var hasShortAddress = false
      var isWide = false
      // No instruction is longer than 15 bytes, prefixes included.
      for _ in 0..<15 {
        guard let opcode = byte() else { return nil }
        switch opcode {
        case 0x66: isNarrow = true
        case 0x67: hasShortAddress = true
        case 0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0xF0, 0xF2, 0xF3: continue
        case 0x40...0x4F:
          // REX comes last, before the opcode.
          isWide = opcode & 8 != 0
          guard let opcode = byte() else { return nil }
          return legacy(opcode, isNarrow, isWide, hasShortAddress) ? false : nil
        case 0xC5:
          guard byte() != nil, let opcode = byte() else { return nil }
          return vector(map: 1, opcode) ? false : nil
        case 0xC4:
          guard let first = byte(), let second = byte(), let opcode = byte(), vector(map: first & 0x1F, opcode) else {
            return nil
          }
          return first & 0x1F == 2 && second & 3 == 1 && X86Instruction.isFMA(opcode)
        case 0x62:
          guard let first = byte(), byte() != nil, byte() != nil, let opcode = byte() else { return nil }
          return vector(map: first & 7, opcode) ? false : nil
        default: return legacy(opcode, isNarrow, isWide, hasShortAddress) ? false : nil
        }
      }
      return nil
    }

    private mutating func skip(_ count: Int) -> Bool {
      position += count
      return true
    }

    /// The operand byte, what addresses a memory operand, and `immediate` bytes behind.
    private mutating func operands(immediate: Int = 0) -> Bool {
      guard let modes = byte() else { return false }
      return address(modes) && skip(immediate)
    }

    private mutating func address(_ modes: UInt8) -> Bool {
      let mode = modes >> 6
      guard mode != 3 else { return true }
      var displacement = mode == 1 ? 1 : mode == 2 ? 4 : 0
      if modes & 7 == 4 {
        guard let scaled = byte() else { return false }
        if mode == 0, scaled & 7 == 5 { displacement = 4 }
      } else if mode == 0, modes & 7 == 5 {
        displacement = 4
      }
      return skip(displacement)
    }

    /// VEX and EVEX: every instruction has operands but vzeroupper and vzeroall.
    private mutating func vector(map: UInt8, _ opcode: UInt8) -> Bool {
      switch map {
      case 1:
        if opcode == 0x77 { return true }
        return operands(immediate: X86Instruction.hasByteInSecondMap(opcode) ? 1 : 0)
      case 2, 5, 6: return operands()
      case 3: return operands(immediate: 1)
      default: return false
      }
    }

    private mutating func legacy(_ opcode: UInt8, _ isNarrow: Bool, _ isWide: Bool, _ hasShortAddress: Bool) -> Bool {
      let full = isNarrow && !isWide ? 2 : 4
      switch opcode {
      case 0x0F: return secondMap()
      case 0x00...0x3F:
        switch opcode & 7 {
        case 0...3: return operands()
        case 4: return skip(1)
        case 5: return skip(full)
        default: return false
        }
      case 0x50...0x5F, 0x6C...0x6F, 0x90...0x99, 0x9B...0x9F, 0xA4...0xA7, 0xAA...0xAF: return true
      case 0xC3, 0xC9, 0xCB, 0xCC, 0xCF, 0xD7, 0xEC...0xEF, 0xF1, 0xF4, 0xF5, 0xF8...0xFD: return true
      case 0x63, 0x84...0x8E, 0xD0...0xD3, 0xD8...0xDF, 0xFE, 0xFF: return operands()
      case 0x68, 0xA9: return skip(full)
      case 0x69, 0x81, 0xC7: return operands(immediate: full)
      case 0x6A, 0x70...0x7F, 0xA8, 0xB0...0xB7, 0xCD, 0xE0...0xE7, 0xEB: return skip(1)
      case 0x6B, 0x80, 0x83, 0xC0, 0xC1, 0xC6: return operands(immediate: 1)
      case 0x8F:
        // Otherwise the first byte of XOP.
        guard let modes = byte(), modes >> 3 & 7 == 0 else { return false }
        return address(modes)
      case 0xA0...0xA3: return skip(hasShortAddress ? 4 : 8)
      case 0xB8...0xBF: return skip(isWide ? 8 : full)
      case 0xC2, 0xCA: return skip(2)
      case 0xC8: return skip(3)
      case 0xE8, 0xE9: return skip(4)
      case 0xF6, 0xF7:
        // Only its first two operations, tests, have an immediate operand.
        guard let modes = byte(), address(modes) else { return false }
        return modes >> 3 & 7 < 2 ? skip(opcode == 0xF6 ? 1 : full) : true
      default: return false
      }
    }

    /// The opcodes behind 0F.
    private mutating func secondMap() -> Bool {
      guard let opcode = byte() else { return false }
      switch opcode {
      case 0x38: return byte() != nil && operands()
      case 0x3A: return byte() != nil && operands(immediate: 1)
      case 0x05...0x09, 0x0B, 0x30...0x37, 0x77, 0xA0...0xA2, 0xA8...0xAA, 0xC8...0xCF: return true
      case 0x04, 0x0A, 0x0C, 0x0E, 0x0F, 0x24...0x27, 0x39, 0x3B...0x3F, 0x7A, 0x7B, 0xA6, 0xA7: return false
      case 0x80...0x8F: return skip(4)
      default: return operands(immediate: X86Instruction.hasByteInSecondMap(opcode) ? 1 : 0)
      }
    }
  }

  private static func hasByteInSecondMap(_ opcode: UInt8) -> Bool {
    switch opcode {
    case 0x70...0x73, 0xA4, 0xAC, 0xBA, 0xC2, 0xC4...0xC6: true
    default: false
    }
  }

  /// Opcodes 96 to 9F, A6 to AF and B6 to BF of the map 0F 38: the three orders of operands of each operation.
  private static func isFMA(_ opcode: UInt8) -> Bool { (0x9...0xB).contains(opcode >> 4) && opcode & 0xF >= 6 }

  /// Turns the bytes of a fused multiply-add into the addition of the same operands: as many elements of the same
  /// type, the same destination, the same memory operand and the same length. The result is another.
  static func replaceFMA(_ bytes: UnsafeMutableRawBufferPointer) {
    let opcode = bytes[3]
    let isDouble = bytes[2] & 0x80 != 0
    // From 98 on, odd opcodes are scalar.
    let isScalar = opcode & 0xF >= 8 && opcode & 1 == 1
    let prefix: UInt8 = isScalar ? (isDouble ? 3 : 2) : (isDouble ? 1 : 0)
    bytes[1] = bytes[1] & 0xE0 | 1
    bytes[2] = bytes[2] & 0x7C | prefix
    bytes[3] = 0x58
  }
}
