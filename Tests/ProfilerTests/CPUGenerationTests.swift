import TestSupport
import Testing

@testable import Profiler

struct CPUGenerationTests {
  @Test(
    arguments: [
      ("AuthenticAMD", 26, 2, "zen5"), ("AuthenticAMD", 25, 1, "zen3"), ("AuthenticAMD", 25, 0x11, "zen4"),
      ("GenuineIntel", 6, 0xcf, "emerald-rapids"), ("GenuineIntel", 6, 0x8f, "sapphire-rapids"),
      ("GenuineIntel", 6, 1, nil), ("AuthenticAMD", 15, 2, nil),
    ] as [(String, Int, Int, String?)])
  func `a CPU has the generation of its vendor, family and model`(
    vendor: String, family: Int, model: Int, expected: String?
  ) {
    #expect(CPUGeneration.of(vendor: vendor, family: family, model: model)?.name == expected)
  }

  @Test func `a machine's own files say its generation, of x86 and of Arm`() throws {
    let zen = try FakeMachine(["proc/cpuinfo": "vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 97"])
    #expect(zen.read { CPUGeneration.current(root: $0)?.name } == "zen4")
    let grace = try FakeMachine(["proc/cpuinfo": "CPU implementer\t: 0x41\nCPU part\t: 0xd4f"])
    #expect(grace.read { CPUGeneration.current(root: $0)?.name } == "neoverse-v2")
  }

  @Test func `no CPU is of two generations`() {
    let names = CPUGeneration.all.map(\.name)
    #expect(Set(names).count == names.count)
    for vendor in ["AuthenticAMD", "GenuineIntel"] {
      for family in [6, 23, 25, 26] {
        for model in 0..<256 {
          let matching = CPUGeneration.all.filter {
            guard case .x86(vendor, family, let models) = $0.cpu else { return false }
            return models.contains { $0.contains(model) }
          }
          #expect(matching.count <= 1)
        }
      }
    }
  }
}
