import Support

extension Machine {
  /// Reads a machine file. Throws `InputError` with file, line and key where the file breaks the rules of
  /// docs/reference/model.md.
  public init(contentsOf path: String) throws {
    try self.init(YAMLValue(contentsOf: path), donors: DonorMachines(besides: path))
  }

  /// Reads a machine file's text. `file` is used in messages, and donors are searched in its folder.
  public init(text: String, file: String) throws {
    try self.init(YAMLValue(text: text, file: file), donors: DonorMachines(besides: file))
  }

  /// Throws the first of the file's problems.
  init(_ root: YAMLValue, donors: DonorMachines) throws {
    let reader = MachineReader(donors: donors)
    self = try reader.machine(root)
    if let problem = reader.problems.first { throw problem }
  }
}
