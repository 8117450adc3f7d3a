import Foundation
import Support
import Testing

@testable import Profiler

struct EventEncoderTests {
  @Test(
    .enabled(if: isX86, "libpfm carries only the tables of its own architecture"),
    arguments: [
      ("amd64_fam19h_zen4::RETIRED_INSTRUCTIONS", 0xc0), ("spr::MEM_LOAD_RETIRED:L1_MISS", 0x8d1),
      ("spr::LONGEST_LAT_CACHE:MISS", 0x412e), ("amd64_fam19h_zen4::RETIRED_SSE_AVX_FLOPS:ANY", 0x1f03),
    ] as [(String, UInt64)])
  func `an event of another CPU has the code of its table`(name: String, config: UInt64) throws {
    let event = try EventEncoder.encode(name)
    #expect(event.type == 4)
    #expect(event.config == config)
    #expect(event.name == name)
    #expect(event.canonical.hasPrefix(name.prefix { $0 != ":" }))
  }

  @Test func `a software event is known everywhere`() throws {
    let event = try EventEncoder.encode("perf::PAGE-FAULTS")
    #expect(event.isSoftware)
    #expect(event.config == 2)
  }

  @Test func `privilege levels end up in the canonical name`() throws {
    #expect(try EventEncoder.encode("perf::CYCLES").canonical.contains("k=0"))
    #expect(try EventEncoder.encode("perf::CYCLES", privilege: .userAndKernel).canonical.contains("k=1"))
    // A modifier in the name takes precedence.
    #expect(try EventEncoder.encode("perf::CYCLES:u", privilege: .userAndKernel).canonical.contains("k=0"))
  }

  @Test func `raw codes pass through for CPUs that libpfm does not know`() throws {
    let event = try EventEncoder.encode("perf_raw::r1f03")
    #expect(event.type == 4)
    #expect(event.config == 0x1f03)
  }

  @Test func `the JSON form has exactly four keys`() throws {
    let data = try JSONEncoder().encode(EventEncoder.encode("perf::PAGE-FAULTS"))
    let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(Set(object.keys) == ["name", "canonical", "type", "config"])
    #expect(object["config"] as? Int == 2)
  }

  @Test(
    arguments: [
      ("perf::PAGE-FALTS", "PAGE-FAULTS"), ("prf::CYCLES", "perf"), ("perf::SWITCHES", "CONTEXT-SWITCHES"),
    ])
  func `an unknown event is an error with near matches`(name: String, near: String) throws {
    let error = try #require(throws: InputError.self) { try EventEncoder.encode(name) }
    #expect(error.key == name)
    #expect(error.message.contains(near))
  }

  @Test(.enabled(if: isX86)) func `a missing umask is an error that lists them`() throws {
    let error = try #require(throws: InputError.self) {
      try EventEncoder.encode("amd64_fam19h_zen4::ANY_DATA_CACHE_FILLS_FROM_SYSTEM")
    }
    #expect(error.message.contains("umasks: "))
  }

  @Test(arguments: ["", ":", "::", "perf::", "::X", "a::b::c", "perf::CYCLES:zz=1"])
  func `nonsense is an error`(name: String) {
    #expect(throws: InputError.self) { try EventEncoder.encode(name) }
  }
}

struct EventCatalogueTests {
  @Test func `the kernel's generic PMU is present and lists its events`() throws {
    let perf = try #require(try EventCatalogue.pmus().first { $0.name == "perf" })
    #expect(perf.isPresent)
    let events = try EventCatalogue.list(pmu: "perf")
    #expect(events.count == perf.eventCount)
    #expect(events.contains { $0.fullName == "perf::PAGE-FAULTS" })
  }

  @Test func `an unknown PMU is an error`() {
    #expect(throws: InputError.self) { try EventCatalogue.list(pmu: "zen99") }
  }

  @Test(.enabled(if: isX86)) func `an event shows its umasks`() throws {
    let event = try #require(try EventCatalogue.search("spr::MEM_LOAD_RETIRED:L1_MISS").first)
    #expect(event.umasks.contains { $0.name == "L1_MISS" && !$0.description.isEmpty })
  }
}

#if arch(x86_64)
  let isX86 = true
#else
  let isX86 = false
#endif
