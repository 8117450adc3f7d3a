import Support
import Testing

@testable import AccessStreams
@testable import Machines

@Suite struct MachineCatalogueTests {
  @Test func `every machine of the catalogue loads, is named after its file and is enough to project`() throws {
    let catalogue = try MachineCatalogue.bundled()
    let names = try catalogue.names()
    #expect(names.count >= 24)
    for name in names {
      let machine = try catalogue.machine(name)
      #expect(machine.name == name)
      #expect(machine.keysMissingForProjection.isEmpty, "\(name)")
      #expect(!machine.description.isEmpty && !machine.sources.isEmpty, "\(name)")
      #expect(try Machine(text: machine.yaml(), file: name) == machine)
    }
  }

  @Test func `every figure that a projection uses states its origin`() throws {
    for machine in try MachineCatalogue.bundled().machines() {
      for path in machine.figurePaths {
        let enclosing = path.indices.filter { "[.".contains(path[$0]) }.map { String(path[..<$0]) } + [path]
        #expect(enclosing.contains { machine.provenance[$0] != nil }, "\(machine.name): \(path)")
      }
      for (key, entry) in machine.provenance { #expect(!entry.source.isEmpty, "\(machine.name): \(key)") }
    }
  }

  @Test func `the catalogue has machines of every kind`() throws {
    let machines = try MachineCatalogue.bundled().machines()
    for status in Machine.Status.allCases { #expect(machines.contains { $0.status == status }, "\(status)") }
    #expect(Set(machines.compactMap(\.simd?.isa)).isSuperset(of: ["avx512", "avx2", "neon", "sve", "sve2"]))
  }

  @Test func `the L3 of AMD machines is a victim cache, that of Intel's is not`() throws {
    let catalogue = try MachineCatalogue.bundled()
    #expect(try catalogue.machine("epyc-9654").caches.last?.inclusion == .victim)
    #expect(try catalogue.machine("xeon-8480plus").caches.last?.inclusion == .nine)
  }

  @Test func `machines state rates of narrow types where their cores have instructions for them`() throws {
    let catalogue = try MachineCatalogue.bundled()
    func rates(_ name: String) throws -> [Double?] {
      let simd = try catalogue.machine(name).simd
      return OperandType.allCases.map { simd?.multiplyAddsPerCycle($0) }
    }
    // Neither Skylake nor Zen 3 has a dot product; Cascade Lake has one for int8; Sapphire Rapids has matrix units.
    #expect(try rates("xeon-8180") == [32, nil, nil])
    #expect(try rates("epyc-7763") == [16, nil, nil])
    #expect(try rates("xeon-8280") == [32, nil, 128])
    #expect(try rates("xeon-8480plus") == [32, 512, 1024])
    #expect(try rates("grace") == [16, 64, 128])
    // A machine based on another has its donor's rates.
    #expect(try rates("epyc-9965") == rates("epyc-9755"))
  }

  @Test func `an unknown name suggests the nearest`() throws {
    let catalogue = try MachineCatalogue.bundled()
    let error = message { _ = try catalogue.machine("epyc-9645") }
    #expect(error.contains("did you mean 'epyc-"), "\(error)")
    #expect(error.contains("machines list"))
  }

  @Test func `a path is read as a file, and its absence is reported`() {
    #expect(message { _ = try Machine.named("nowhere/m.yaml") } == "nowhere/m.yaml: no such file")
  }
}
