import TestSupport
import Testing

/// The output of `topology` for typical machines.
@Suite(.process) struct TopologyTests {
  private func topology(of fixture: String) throws -> [Substring] {
    try FakeMachine(fixture: fixture).read { root in
      let outcome = try CommandLineTool.run("topology", "--root", root)
      #expect(outcome.status == 0)
      return outcome.output.split(separator: "\n")
    }
  }

  @Test func `two Turin sockets`() throws {
    let lines = try topology(of: "turin-2s")
    #expect(lines.first == "2 packages, 32 L3 clusters, 256 cores, 512 CPUs (SMT on), allowed: 0-511")
    #expect(lines.count { $0.hasPrefix("L3 ") && $0.hasSuffix("32MiB") } == 32)
    #expect(lines.contains("L3 31          1  248-255,504-511             32MiB"))
    #expect(lines.contains("L3 unified      32MiB    16  32768   64B         32    16 CPUs"))
    #expect(
      lines.suffix(2) == [
        "node 0    0-127,256-383  754.738GiB      10 32", "node 1  128-255,384-511  754.738GiB      32 10",
      ])
  }

  @Test func `two Sapphire Rapids sockets in sub-NUMA clusters`() throws {
    let lines = try topology(of: "sapphire-rapids-snc4")
    #expect(lines.first == "2 packages, 2 L3 clusters, 112 cores, 224 CPUs (SMT on), allowed: 0-223")
    #expect(lines.contains("L3 1           1  56-111,168-223            105MiB"))
    #expect(lines.last == "node 7  98-111,210-223  62.847GiB  21 21 21 21 12 12 12 10")
  }

  @Test func `a Grace Superchip`() throws {
    let lines = try topology(of: "grace-superchip")
    #expect(lines.first == "2 packages, 2 L3 clusters, 144 cores, 144 CPUs (SMT off or absent), allowed: 0-143")
    #expect(lines.contains("L3 unified      114MiB    12  155648   64B          2    72 CPUs"))
    #expect(lines.last == "node 1  72-143  117.016GiB      40 10")
  }

  @Test func `a directory that is no machine is bad input`() throws {
    let outcome = try CommandLineTool.run("topology", "--root", "/nowhere")
    #expect(outcome.status == 64)
    #expect(outcome.messages.contains("/nowhere"))
  }
}
