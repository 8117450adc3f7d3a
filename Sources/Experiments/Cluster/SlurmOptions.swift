import Support

/// The options of sbatch that say where and for how long tasks run. Text that Slurm would read differently is
/// refused.
public struct SlurmOptions: Codable, Equatable, Sendable {
  public var partition: String?
  public var account: String?
  public var qualityOfService: String?
  /// Features that nodes must have, such as `zen4` or `intel&avx512`.
  public var constraint: String?
  /// Nodes that tasks must run on, such as `n[1-4]`.
  public var nodes: String?
  /// Nil for all memory of the node.
  public var memoryBytes: Int?
  /// The limit of each task; nil for the partition's own.
  public var timeLimit: SlurmTime?
  /// The most tasks that run at a time; nil for any number.
  public var atOnce: Int?

  enum CodingKeys: String, CodingKey {
    case partition, account, constraint, nodes
    case qualityOfService = "qos"
    case memoryBytes = "memory_bytes"
    case timeLimit = "time"
    case atOnce = "at_once"
  }

  public init(
    partition: String? = nil, account: String? = nil, qualityOfService: String? = nil, constraint: String? = nil,
    nodes: String? = nil, memory: String? = nil, time: String? = nil, atOnce: Int? = nil
  ) throws {
    self.partition = try Self.checked(partition, "--partition", "a name, or several with commas", "._-,")
    self.account = try Self.checked(account, "--account", "a name", "._-")
    self.qualityOfService = try Self.checked(qualityOfService, "--qos", "a name", "._-")
    self.constraint = try Self.checked(
      constraint, "--constraint", "features such as zen4 or intel&avx512", "._-,&|()[]*:=")
    // Slurm reads a list with a slash as the name of a file.
    self.nodes = try Self.checked(nodes, "--nodelist", "nodes such as n1,n2 or n[1-4]", "._-,[]")
    memoryBytes = try memory.map {
      guard let bytes = parseByteCount($0), (1 << 20...1 << 50).contains(bytes) else {
        throw InputError(key: "--memory", "expected a size of 1MiB to 1024TiB such as 64GiB, found '\($0)'")
      }
      return bytes
    }
    timeLimit = try time.map { try SlurmTime(argument: $0) }
    self.atOnce = try atOnce.map {
      guard (1...1_000_000).contains($0) else {
        throw InputError(key: "--at-once", "expected 1 to 1000000, found \($0)")
      }
      return $0
    }
  }

  /// Reads a job's file by the rules of the command line, because the file may come from another user.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func text(_ key: CodingKeys) throws -> String? { try values.decodeIfPresent(String.self, forKey: key) }
    try self.init(
      partition: text(.partition), account: text(.account), qualityOfService: text(.qualityOfService),
      constraint: text(.constraint), nodes: text(.nodes),
      memory: values.decodeIfPresent(Int.self, forKey: .memoryBytes).map { "\($0)" }, time: text(.timeLimit),
      atOnce: values.decodeIfPresent(Int.self, forKey: .atOnce))
  }

  private static func checked(
    _ value: String?, _ option: String, _ expected: String, _ marks: String
  ) throws -> String? {
    guard let value else { return nil }
    let isPlain = value.unicodeScalars.allSatisfy {
      $0.isASCII
        && ($0.properties.isAlphabetic || $0.properties.numericType != nil || marks.unicodeScalars.contains($0))
    }
    guard isPlain, !value.isEmpty, !value.hasPrefix("-") else {
      throw InputError(key: option, "expected \(expected) of ASCII letters, digits and \(marks), found '\(value)'")
    }
    return value
  }

  var arguments: [String] {
    var arguments: [String] = []
    func add(_ option: String, _ value: String?) {
      if let value { arguments.append("\(option)=\(value)") }
    }
    add("--partition", partition)
    add("--account", account)
    add("--qos", qualityOfService)
    add("--constraint", constraint)
    add("--nodelist", nodes)
    // 0 means all memory of the node, which the task then has for itself.
    add("--mem", memoryBytes.map { "\(($0 + (1 << 20) - 1) >> 20)M" } ?? "0")
    add("--time", timeLimit?.text)
    return arguments
  }
}

/// A time limit in Slurm's notation.
public struct SlurmTime: Codable, Equatable, Sendable {
  public let text: String

  /// `MINUTES`, `MINUTES:SECONDS`, `HOURS:MINUTES:SECONDS`, `DAYS-HOURS`, `DAYS-HOURS:MINUTES` or
  /// `DAYS-HOURS:MINUTES:SECONDS`.
  public init(argument: String) throws {
    text = argument
    guard let seconds = Self.seconds(argument), seconds > 0 else {
      throw InputError(
        key: "--time", "expected a limit such as 90 (minutes), 1:30:00 or 2-12 (days-hours), found '\(argument)'")
    }
  }

  public var seconds: Double { Double(Self.seconds(text) ?? 0) }

  private static func seconds(_ text: String) -> Int? {
    let halves = text.split(separator: "-", omittingEmptySubsequences: false)
    guard halves.count <= 2, let last = halves.last else { return nil }
    var numbers: [Int] = []
    for field in last.split(separator: ":", omittingEmptySubsequences: false) {
      // Seven digits cannot overflow in any unit.
      guard (1...7).contains(field.count), field.allSatisfy({ ("0"..."9").contains($0) }), let number = Int(field)
      else { return nil }
      numbers.append(number)
    }
    if halves.count == 2 {
      guard (1...7).contains(halves[0].count), halves[0].allSatisfy({ ("0"..."9").contains($0) }),
        let days = Int(halves[0]), (1...3).contains(numbers.count)
      else { return nil }
      numbers += [Int](repeating: 0, count: 3 - numbers.count)
      return ((days * 24 + numbers[0]) * 60 + numbers[1]) * 60 + numbers[2]
    }
    switch numbers.count {
    case 1: return numbers[0] * 60
    case 2: return numbers[0] * 60 + numbers[1]
    case 3: return (numbers[0] * 60 + numbers[1]) * 60 + numbers[2]
    default: return nil
    }
  }

  public init(from decoder: any Decoder) throws {
    try self.init(argument: decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
