import Foundation
import Support

/// Finds the machines that a machine file is based on: beside the file first, then in the catalogue.
struct DonorMachines {
  private let folder: String
  /// Names of the machines that are being read, each based on the next.
  private var chain: [String]

  init(besides path: String) {
    let url = URL(fileURLWithPath: path)
    folder = url.deletingLastPathComponent().path
    chain = [url.deletingPathExtension().lastPathComponent]
  }

  /// The machine that `value` names.
  func machine(_ value: YAMLValue) throws -> Machine {
    let name = try value.string()
    guard !chain.contains(name) else {
      throw value.error(
        "expected a machine that is not based on itself, found \((chain + [name]).joined(separator: " <- "))")
    }
    var next = self
    next.chain.append(name)
    let beside = "\(folder)/\(name).yaml"
    if inputFileExists(beside) {
      return try Machine(YAMLValue(contentsOf: beside), donors: next)
    }
    let catalogue = try MachineCatalogue.bundled()
    let names = try catalogue.names()
    guard names.contains(name) else {
      let hint = nearestName(to: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
      throw value.error("expected a machine of the catalogue or beside this file, found \(quote(name))\(hint)")
    }
    return try Machine(YAMLValue(contentsOf: "\(catalogue.folder)/\(name).yaml"), donors: next)
  }

  /// The memory that `value`, a mapping of `machine` and `memory`, names.
  func memory(_ value: YAMLValue) throws -> MemoryDescription {
    let object = try value.object(keys: ["machine", "memory"])
    let owner = try object.required("machine")
    // A memory of the file's own donor or of an unrelated machine is no circular reference by itself.
    let machine = try machine(owner)
    let name = try object.required("memory")
    guard let memory = machine.memory.first(where: { (try? name.string()) == $0.name }) else {
      let known = machine.memory.map(\.name).joined(separator: ", ")
      throw name.error("expected a memory of \(machine.name) (\(known)), found \(quote(try name.string()))")
    }
    guard !memory.curve.isEmpty else {
      throw name.error("expected a memory with a curve, and \(machine.name) has none for \(memory.name)")
    }
    return memory
  }
}
