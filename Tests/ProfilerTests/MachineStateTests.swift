import Foundation
import Support
import TestSupport
import Testing

@testable import Profiler

private let cpuinfo = """
  processor	: 0
  vendor_id	: AuthenticAMD
  cpu family	: 26
  model		: 2
  model name	: AMD EPYC
  stepping	: 1
  flags		: fpu sse2 avx2 fma avx512f avx512_bf16 avx512_vnni hypervisor
  """

private func state(_ files: [String: String], environment: [String: String] = [:]) throws -> MachineState {
  let machine = try FakeMachine(files)
  return MachineState.capture(root: machine.root, libraryVariables: LibraryVariables.found(in: environment))
}

@Suite(.machine) struct MachineStateTests {
  @Test func `facts of the processor come from cpuinfo`() throws {
    let state = try state(["proc/cpuinfo": cpuinfo])
    #expect(state["cpu_model"] == "AMD EPYC")
    #expect(state["cpu_family"] == "26")
    #expect(state["cpu_model_number"] == "2")
    #expect(state["isa_flags"] == "avx2 fma avx512f avx512_bf16 avx512_vnni")
    #expect(state["hypervisor"] == "yes")
  }

  @Test func `a fact that cannot be read has no value but a reason`() throws {
    let state = try state(["proc/cpuinfo": cpuinfo])
    for name in ["microcode", "governor", "boost", "thp_enabled", "load_average_1min", "core_frequency_ghz"] {
      let fact = try #require(state.facts.first { $0.name == name })
      #expect(fact.value == nil)
      #expect(fact.reason?.isEmpty == false)
    }
  }

  @Test func `an empty machine still has every fact`() throws {
    let full = try state(["proc/cpuinfo": cpuinfo]).facts.map(\.name)
    #expect(try state(["proc/nothing": ""]).facts.map(\.name) == full)
  }

  @Test func `the chosen page setting is the one in brackets`() throws {
    let state = try state(["sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never"])
    #expect(state["thp_enabled"] == "madvise")
  }

  @Test func `only boot parameters that matter are kept`() throws {
    let state = try state(["proc/cmdline": "root=/dev/sda1 isolcpus=2-3 secret=1 nosmt mitigations=off"])
    #expect(state["kernel_parameters"] == "isolcpus=2-3 nosmt mitigations=off")
  }

  @Test func `Intel's no_turbo is the opposite of boost`() throws {
    #expect(try state(["sys/devices/system/cpu/intel_pstate/no_turbo": "1"])["boost"] == "0")
    #expect(try state(["sys/devices/system/cpu/cpufreq/boost": "1"])["boost"] == "1")
  }

  @Test func `library variables are found, others are not`() throws {
    let environment = ["OPENBLAS_CORETYPE": "Haswell", "OMP_NUM_THREADS": "1", "PATH": "/bin", "MY_MKL_X": "1"]
    let state = try state([:], environment: environment)
    #expect(state["library_variables"] == "OMP_NUM_THREADS=1 OPENBLAS_CORETYPE=Haswell")
  }

  @Test func `cleared variables are gone, and remembered`() {
    let before = LibraryVariables.found()
    LibraryVariables.clear()
    #expect(LibraryVariables.found(in: ProcessInfo.processInfo.environment).isEmpty)
    #expect(LibraryVariables.found() == before)
  }

  @Test func `a missing value is written as null`() throws {
    let data = try JSONEncoder().encode(MachineFact(name: "boost", value: nil, reason: "hidden"))
    let text = String(decoding: data, as: UTF8.self)
    #expect(text.contains("\"value\":null"))
    #expect(try JSONDecoder().decode(MachineFact.self, from: data).reason == "hidden")
  }

  @Test func `this machine's state has a kernel, and measures its clock or says why not`() throws {
    let state = MachineState.capture()
    #expect(state["kernel"]?.isEmpty == false)
    let frequency = try #require(state.facts.first { $0.name == "core_frequency_ghz" })
    #expect((frequency.value == nil) == (frequency.reason != nil))
  }
}

@Suite(.machine) struct MachineDriftTests {
  private func state(_ facts: [String: String?]) -> MachineState {
    MachineState(facts: facts.sorted { $0.key < $1.key }.map { MachineFact(name: $0.key, value: $0.value) })
  }

  @Test func `the same state has no drift`() {
    #expect(MachineState.drift(from: state(["smt": "on"]), to: state(["smt": "on"])).isEmpty)
  }

  @Test func `a changed setting is drift`() {
    let drift = MachineState.drift(from: state(["governor": "performance"]), to: state(["governor": "powersave"]))
    #expect(drift == [MachineDrift(name: "governor", before: "performance", after: "powersave")])
  }

  @Test func `a value that appears or disappears is drift`() {
    #expect(MachineState.drift(from: state(["boost": nil]), to: state(["boost": "1"])).count == 1)
    #expect(MachineState.drift(from: state([:]), to: state(["boost": "1"])).count == 1)
  }

  @Test(
    arguments: [
      ("load_average_1min", "0.10", "9.00", false),
      ("memory_available_bytes", "1000", "751", false), ("memory_available_bytes", "1000", "750", true),
      ("core_frequency_ghz", "4.00", "3.81", false), ("core_frequency_ghz", "4.00", "3.80", true),
      ("huge_pages_reserved", "10", "11", true),
    ])
  func `numbers that change by themselves count only beyond their limit`(
    name: String, before: String, after: String, isDrift: Bool
  ) {
    let drift = MachineState.drift(from: state([name: before]), to: state([name: after]))
    #expect(drift.isEmpty == !isDrift)
  }

  @Test func `the fingerprint follows settings and ignores load`() {
    let quiet = state(["governor": "performance", "load_average_1min": "0.1"])
    let busy = state(["governor": "performance", "load_average_1min": "9.0"])
    let slow = state(["governor": "powersave", "load_average_1min": "0.1"])
    #expect(quiet.fingerprint == busy.fingerprint)
    #expect(quiet.fingerprint != slow.fingerprint)
    #expect(quiet.fingerprint.count == 16)
  }
}
