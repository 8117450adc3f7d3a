import Foundation
import Support
import Testing

@testable import Profiler

struct X86InstructionTests {
  private func instruction(_ bytes: [UInt8]) -> X86Instruction? {
    bytes.withUnsafeBytes { X86Instruction($0, at: 0) }
  }

  /// As GNU as 2.40 encodes them.
  static let encoded: [(String, [UInt8])] = [
    ("ret", [0xC3]), ("push %r12", [0x41, 0x54]), ("nop", [0x90]), ("pause", [0xF3, 0x90]),
    ("mov %rsp,%rbp", [0x48, 0x89, 0xE5]), ("mov 8(%rsp),%rax", [0x48, 0x8B, 0x44, 0x24, 0x08]),
    ("mov 0x12345678(%rip),%eax", [0x8B, 0x05, 0x78, 0x56, 0x34, 0x12]),
    ("mov 0x1000(,%rcx,8),%rax", [0x48, 0x8B, 0x04, 0xCD, 0x00, 0x10, 0x00, 0x00]),
    ("mov $1,%eax", [0xB8, 1, 0, 0, 0]), ("movabs $1,%rax", [0x48, 0xB8, 1, 0, 0, 0, 0, 0, 0, 0]),
    ("movw $1,(%rax)", [0x66, 0xC7, 0x00, 1, 0]), ("movl $1,(%rax)", [0xC7, 0x00, 1, 0, 0, 0]),
    ("add $1,%rax", [0x48, 0x83, 0xC0, 1]), ("add $0x1000,%eax", [0x05, 0, 0x10, 0, 0]),
    ("imul $3,%rax,%rax", [0x48, 0x6B, 0xC0, 3]), ("test $1,%cl", [0xF6, 0xC1, 1]), ("neg %rcx", [0x48, 0xF7, 0xD9]),
    ("testl $1,(%rcx)", [0xF7, 0x01, 1, 0, 0, 0]), ("call .+5", [0xE8, 0, 0, 0, 0]), ("jne .+2", [0x75, 0]),
    ("jne .+6", [0x0F, 0x85, 0, 0, 0, 0]), ("movzbl (%rax),%eax", [0x0F, 0xB6, 0x00]),
    ("lock cmpxchg %rcx,(%rdx)", [0xF0, 0x48, 0x0F, 0xB1, 0x0A]), ("shl $4,%rax", [0x48, 0xC1, 0xE0, 4]),
    ("nopw 0(%rax,%rax,1)", [0x66, 0x2E, 0x0F, 0x1F, 0x84, 0, 0, 0, 0, 0]), ("cpuid", [0x0F, 0xA2]),
    ("pshufd $1,%xmm0,%xmm1", [0x66, 0x0F, 0x70, 0xC8, 1]), ("pshufb %xmm0,%xmm1", [0x66, 0x0F, 0x38, 0x00, 0xC8]),
    ("pblendw $1,%xmm0,%xmm1", [0x66, 0x0F, 0x3A, 0x0E, 0xC8, 1]),
    ("mov %fs:0x28,%rax", [0x64, 0x48, 0x8B, 0x04, 0x25, 0x28, 0, 0, 0]),
    ("vzeroupper", [0xC5, 0xF8, 0x77]), ("vmovups (%rdi),%ymm0", [0xC5, 0xFC, 0x10, 0x07]),
    ("vshufps $1,%ymm0,%ymm1,%ymm2", [0xC5, 0xF4, 0xC6, 0xD0, 1]),
    ("vbroadcastss 4(%rsi),%ymm1", [0xC4, 0xE2, 0x7D, 0x18, 0x4E, 4]),
    ("vextractf128 $1,%ymm0,%xmm1", [0xC4, 0xE3, 0x7D, 0x19, 0xC1, 1]),
    ("vmovups 64(%rdi),%zmm0", [0x62, 0xF1, 0x7C, 0x48, 0x10, 0x47, 1]),
    ("vfmadd231ps (%rax),%ymm1,%ymm2", [0xC4, 0xE2, 0x75, 0xB8, 0x10]),
    ("vfmadd231ps %zmm0,%zmm1,%zmm2", [0x62, 0xF2, 0x75, 0x48, 0xB8, 0xD0]),
  ]

  @Test(arguments: X86InstructionTests.encoded) func `an instruction ends where the assembler ended it`(
    text: String, bytes: [UInt8]
  ) {
    // What follows does not matter, and an instruction that is cut short is none.
    #expect(instruction(bytes + [0xCC, 0xCC, 0xCC])?.length == bytes.count, "\(text)")
    #expect(instruction(bytes.dropLast()) == nil || bytes.count == 1 || text == "pause", "\(text)")
  }

  @Test func `what no compiler writes ends a walk`() {
    for bytes: [UInt8] in [
      [0x06], [0x9A, 0, 0, 0, 0, 0, 0], [0x8F, 0xE9, 0x78, 0x81, 0xC0], [0x0F, 0x0F, 0xC0, 0x9E],
    ] {
      #expect(instruction(bytes) == nil)
    }
    #expect(instruction([]) == nil)
    #expect(instruction([UInt8](repeating: 0x66, count: 20)) == nil)
  }

  @Test(
    arguments: [
      // vfmadd231ps (%rax,%rcx,4),%ymm1,%ymm2 becomes vaddps with the same operands.
      ([0xC4, 0xE2, 0x75, 0xB8, 0x14, 0x88], [0xC4, 0xE1, 0x74, 0x58, 0x14, 0x88]),
      // vfnmadd213pd %xmm0,%xmm1,%xmm2: vaddpd.
      ([0xC4, 0xE2, 0xF1, 0xAC, 0xD0], [0xC4, 0xE1, 0x71, 0x58, 0xD0]),
      // vfmadd132ss (%r8),%xmm9,%xmm10: vaddss.
      ([0xC4, 0x42, 0x31, 0x99, 0x10], [0xC4, 0x41, 0x32, 0x58, 0x10]),
      // vfmsub231sd %xmm0,%xmm1,%xmm2: vaddsd.
      ([0xC4, 0xE2, 0xF1, 0xBB, 0xD0], [0xC4, 0xE1, 0x73, 0x58, 0xD0]),
      // vfmaddsub213ps %ymm0,%ymm1,%ymm2, whose opcode is even and packed: vaddps.
      ([0xC4, 0xE2, 0x75, 0xA6, 0xD0], [0xC4, 0xE1, 0x74, 0x58, 0xD0]),
    ] as [([UInt8], [UInt8])])
  func `a multiply-add becomes the addition of the same operands`(fma: [UInt8], addition: [UInt8]) {
    #expect(instruction(fma)?.isFMA == true)
    var bytes = fma
    bytes.withUnsafeMutableBytes { X86Instruction.replaceFMA($0) }
    #expect(bytes == addition)
    #expect(instruction(bytes) == instruction(addition) && instruction(bytes)?.length == fma.count)
    #expect(instruction(bytes)?.isFMA == false)
  }

  @Test func `neighbours in the opcode map are no multiply-adds`() {
    // vbroadcastss, vpgatherdd and vpsravd.
    for bytes: [UInt8] in [
      [0xC4, 0xE2, 0x7D, 0x18, 0x06], [0xC4, 0xE2, 0x6D, 0x90, 0x04, 0x08], [0xC4, 0xE2, 0x75, 0x46, 0xD0],
    ] {
      #expect(instruction(bytes)?.isFMA == false)
    }
  }
}

struct CountingImageTests {
  @Test func `only ELF files are copied`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lookahead-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for content in ["", "#!/bin/sh\n", String(repeating: "x", count: 100)] {
      _ = FileManager.default.createFile(atPath: "\(folder)/file", contents: Data(content.utf8))
      #expect(throws: InputError.self) { try CountingImage(of: "\(folder)/file", to: "\(folder)/copy") }
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/copy"))
    }
    // A header whose tables lie beyond the end of the file is none to follow.
    var header = [UInt8](repeating: 0xFF, count: 64)
    header.replaceSubrange(0..<6, with: [0x7F, 0x45, 0x4C, 0x46, 2, 1])
    _ = FileManager.default.createFile(atPath: "\(folder)/file", contents: Data(header))
    let image = try CountingImage(of: "\(folder)/file", to: "\(folder)/copy")
    #expect(image.replaced == 0)
  }
}
